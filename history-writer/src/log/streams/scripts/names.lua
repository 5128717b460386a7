-- Gives each stream a name for good. KEYS: how many streams there ever were; what names of all that is known of a stream begin
-- with. ARGV: how many streams there are by the settings, 24 random hexadecimal digits. Answers with the names.
local streams = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[1]))
redis.call('SET', KEYS[1], streams)
local names = {}
for stream = 0, streams - 1 do
  local known = KEYS[2] .. stream
  redis.call('HSETNX', known, 'id', ARGV[2] .. string.format('%08x', stream))
  names[stream + 1] = redis.call('HGET', known, 'id')
end
return names
