-- Removes a board.
--
-- KEYS[1] the board's state   KEYS[2] what is being built of it   KEYS[3] the set of boards
clear(KEYS[1], KEYS[1])
clear(KEYS[1], KEYS[2])
redis.call('SREM', KEYS[3], KEYS[1]:match('%d+$'))
return 1
