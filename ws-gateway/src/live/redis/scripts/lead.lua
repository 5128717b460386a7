-- Makes a gateway the one that tells through this server what others left untold, unless another one is.
--
-- KEYS[1] who it is    ARGV[1] the gateway that asks   ARGV[2] for how long, ms
--
-- Answers 1 if it is the one that asks, from now on for so long, else 0.
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
