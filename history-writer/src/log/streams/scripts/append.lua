-- Puts entries behind a stream, all or none. KEYS: the stream, what is known of it. ARGV: the most bytes it may have, then of
-- each entry how many points it has, and its bytes. Answers with the position of the first point; 0 if there is no room.
local bytes = tonumber(redis.call('HGET', KEYS[2], 'bytes') or '0')
local more = 0
for i = 3, #ARGV, 2 do more = more + #ARGV[i] end
if bytes + more > tonumber(ARGV[1]) then return 0 end
local first = tonumber(redis.call('HGET', KEYS[2], 'next') or '1')
local next = first
for i = 2, #ARGV, 2 do
  redis.call('XADD', KEYS[1], string.format('%.0f-0', next), 'points', ARGV[i], 'data', ARGV[i + 1])
  next = next + tonumber(ARGV[i])
end
redis.call('HSET', KEYS[2], 'next', string.format('%.0f', next))
redis.call('HINCRBY', KEYS[2], 'bytes', string.format('%.0f', more))
return first
