-- Caches a position unless a newer one is cached, and publishes what is news: the rule of record.rs, inside Redis, so that
-- two gateways that write at once can't move anybody backwards.
--
-- KEYS[1] the position's key    ARGV[1] the record, as codec.rs lays it out
-- ARGV[2] how long it holds, ms ARGV[3] the writer's calendar, Unix ms
-- ARGV[4] the channel, or '' to publish nowhere
--
-- Answers 1 if the record is the newest now, 0 if a newer one is cached.
local new = ARGV[1]
local held = redis.call('GET', KEYS[1])
if held and held:byte() == new:byte() then
  local time1, high1, low1, length1 = struct.unpack('>i8I4I4B', held, 2)
  local time2, high2, low2, length2 = struct.unpack('>i8I4I4B', new, 2)
  local order = time2 - time1
  if order == 0 then
    local device1, device2 = held:sub(19, 18 + length1), new:sub(19, 18 + length2)
    -- Byte by byte, since Lua compares strings as the server's locale says.
    for at = 1, math.min(length1, length2) do
      if order == 0 then order = device2:byte(at) - device1:byte(at) end
    end
    if order == 0 then order = length2 - length1 end
    -- In halves, since a Lua number keeps only 53 bits.
    if order == 0 then order = high2 - high1 end
    if order == 0 then order = low2 - low1 end
  end
  -- What is much further ahead of the calendar than any phone is believed to be isn't trusted: the clock was set back.
  if order < 0 and time1 - tonumber(ARGV[3]) <= 10000 then return 0 end
  -- The same version can only hold longer.
  if order == 0 and tonumber(ARGV[2]) <= redis.call('PTTL', KEYS[1]) then return 1 end
end
redis.call('SET', KEYS[1], new, 'PX', ARGV[2])
if ARGV[4] ~= '' then redis.call('PUBLISH', ARGV[4], new) end
return 1
