-- Tells gateways with different shard maps apart. A map of a higher epoch takes the place of one of a lower; of two maps of
-- one epoch the one that is here stays, until no gateway has renewed it for long.
--
-- KEYS[1] the key of the map's name   ARGV[1] the epoch of the asking gateway's map   ARGV[2] its digest
-- ARGV[3] for how many ms it is remembered; 0 changes nothing
--
-- Answers the name of the map that stands against it, or nothing.
local held = redis.call('GET', KEYS[1])
local ours = ARGV[1] .. '-' .. ARGV[2]
local epoch = held and tonumber(held:match('^(%d+)-'))
if held and held ~= ours and not (epoch and epoch < tonumber(ARGV[1])) then return held end
if ARGV[3] ~= '0' then redis.call('SET', KEYS[1], ours, 'PX', ARGV[3]) end
return false
