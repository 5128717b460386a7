-- Tells that a process reads streams here. KEYS: the processes that do, how many streams there ever were. ARGV: which process,
-- for how many milliseconds that holds, how many streams there are by the settings. Answers with how many processes and streams
-- there are.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
local streams = math.max(tonumber(redis.call('GET', KEYS[2]) or '0'), tonumber(ARGV[3]))
redis.call('SET', KEYS[2], streams)
return { redis.call('ZCARD', KEYS[1]), streams }
