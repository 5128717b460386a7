-- Names what this server remembers. A new name is given when the old one is gone or was given to another run of the server,
-- since then positions may be lost; for a while nobody may read, so that all gateways can write theirs again.
--
-- KEYS[1] the name's key    ARGV[1] the server's run id   ARGV[2] the new name, if one is due
-- KEYS[2] set while settling ARGV[3] how long that takes, ms
--
-- Answers the name and for how many more milliseconds nobody may read.
local held = redis.call('GET', KEYS[1])
local run = ARGV[1] .. ' '
if not held or held:sub(1, #run) ~= run then
  held = run .. ARGV[2]
  redis.call('SET', KEYS[1], held)
  if ARGV[3] ~= '0' then redis.call('SET', KEYS[2], '1', 'PX', ARGV[3]) end
end
return { held, math.max(0, redis.call('PTTL', KEYS[2])) }
