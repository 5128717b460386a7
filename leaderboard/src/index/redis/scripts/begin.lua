-- Begins to build a board anew, unless somebody else does.
--
-- KEYS[1] the board's state   ARGV[1] the log's id        ARGV[4] how players are laid out over servers
-- KEYS[2] what is being built ARGV[2] the position        ARGV[5] 1 if ranks are dense
-- KEYS[3] the set of boards   ARGV[3] the new generation  ARGV[6] for how long nobody else may begin anew, ms
--                             ARGV[7] who builds
--
-- Answers 1, or 0 if somebody else does.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('HMGET', KEYS[2], 'until', 'follower')
if held[1] and tonumber(held[1]) > now and held[2] ~= ARGV[7] then return 0 end
clear(KEYS[1], KEYS[2])
redis.call('SADD', KEYS[3], KEYS[1]:match('%d+$'))
redis.call('HSET', KEYS[2], 'log', ARGV[1], 'position', ARGV[2], 'generation', ARGV[3], 'layout', ARGV[4])
redis.call('HSET', KEYS[2], 'dense', ARGV[5], 'until', now + ARGV[6], 'follower', ARGV[7])
return 1
