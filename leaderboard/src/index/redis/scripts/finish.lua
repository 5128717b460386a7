-- From now on a board is what was built.
--
-- KEYS[1] the board's state   ARGV[1] the generation that was built
-- KEYS[2] what was built      ARGV[2] the channel   ARGV[3] the position that the log has come to at least
--
-- Answers 1; 0 if it isn't built by us any more; 2 if the board went further meanwhile: so must what was built.
local built = redis.call('HMGET', KEYS[2], 'generation', 'position', 'log', 'layout')
if built[1] ~= ARGV[1] then return 0 end
local held = redis.call('HMGET', KEYS[1], 'position', 'log', 'layout')
local is_other = held[2] ~= built[3] or held[3] ~= built[4]
if not is_other and tonumber(held[1]) > tonumber(built[2]) and tonumber(held[1]) <= tonumber(ARGV[3]) then return 2 end
clear(KEYS[1], KEYS[1])
redis.call('HDEL', KEYS[2], 'until', 'follower')
redis.call('RENAME', KEYS[2], KEYS[1])
redis.call('PUBLISH', ARGV[2], built[2])
return 1
