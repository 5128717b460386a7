-- From now on a board is what was built.
--
-- KEYS[1] the board's state   ARGV[1] the generation that was built
-- KEYS[2] what was built      ARGV[2] the channel
--
-- Answers 1, or 0 if it isn't built by us any more.
if redis.call('HGET', KEYS[2], 'generation') ~= ARGV[1] then return 0 end
clear(KEYS[1], KEYS[1])
redis.call('HDEL', KEYS[2], 'until')
redis.call('RENAME', KEYS[2], KEYS[1])
redis.call('PUBLISH', ARGV[2], redis.call('HGET', KEYS[1], 'position'))
return 1
