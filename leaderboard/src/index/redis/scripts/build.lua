-- Puts players into a board that is being built anew.
--
-- KEYS[1] what is being built     ARGV[2] the position before and
-- ARGV[1] its generation          ARGV[3] after what is taken, or both empty for entries
-- ARGV[4] for how long nobody else may begin anew, ms          ARGV[5] and on: see put.lua
--
-- Answers 1, or 0 if it isn't built by us any more.
local held = redis.call('HMGET', KEYS[1], 'generation', 'position', 'dense')
if held[1] ~= ARGV[1] then return 0 end
if ARGV[2] ~= '' and tonumber(held[2]) < tonumber(ARGV[2]) then return 0 end
count(KEYS[1], put(KEYS[1], KEYS[1]:gsub(':new$', '') .. ':' .. ARGV[1], held[3] == '1', 5))
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'position', ARGV[3]) end
local now = redis.call('TIME')
redis.call('HSET', KEYS[1], 'until', now[1] * 1000 + math.floor(now[2] / 1000) + ARGV[4])
return 1
