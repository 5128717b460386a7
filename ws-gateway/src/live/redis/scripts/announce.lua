-- Caches a position unless a newer one is cached, and publishes what is news: the rule of session/record.rs, inside Redis, so that
-- two gateways that write at once can't move anybody backwards. Limits what a user sends, over all gateways.
--
-- KEYS[1] the position's key    ARGV[1] the record, as record_codec.rs lays it out
-- ARGV[2] how long it holds, ms ARGV[3] three doubles: the writer's calendar and the record's effective time, Unix ms, and
-- ARGV[4] the channel                    what the fix costs its user, ms
--
-- Answers 1 if the record is the newest now, 0 if a newer one is cached; a negative number if the user has sent too much,
-- and may send that again after so many ms.
--
-- What is cached is a byte 2; a double, the moment (Unix ms) at which the user will have used up nothing; then the record,
-- or zeros where only that moment is remembered. Before there was a limit it was the record alone, which begins with 1.
local new, held = ARGV[1], redis.call('GET', KEYS[1])
local now, time2, cost = struct.unpack('>ddd', ARGV[3])
local used_until = now
if held and #held >= 18 then
  local kind, used, layout, time1 = struct.unpack('>BdBi8', held)
  local at = 10
  if kind ~= 2 then
    at, layout, time1 = 1, kind, struct.unpack('>i8', held, 2)
  elseif used > now and used - now <= @BURST_MS@ + 10000 then
    -- What lies further ahead than anybody can owe was written by a calendar that was wrong, and isn't trusted.
    used_until = used
  end
  -- What is laid out otherwise than ours (codec.rs) can't be compared, and is replaced.
  local order = layout == 1 and time2 - time1 or 1
  if order == 0 then
    local high1, low1, length1 = struct.unpack('>I4I4B', held, at + 9)
    local high2, low2, length2 = struct.unpack('>I4I4B', new, 10)
    local device1, device2 = held:sub(at + 18, at + 17 + length1), new:sub(19, 18 + length2)
    -- Byte by byte, since Lua compares strings as the server's locale says.
    for n = 1, math.min(length1, length2) do
      if order == 0 then order = device2:byte(n) - device1:byte(n) end
    end
    if order == 0 then order = length2 - length1 end
    -- In halves, since a Lua number keeps only 53 bits.
    if order == 0 then order = high2 - high1 end
    if order == 0 then order = low2 - low1 end
    if order == 0 then
      -- The same version costs nothing again, and can only hold longer.
      if tonumber(ARGV[2]) <= redis.call('PTTL', KEYS[1]) then return 1 end
      cost = 0
    end
  end
  -- What is much further ahead of the calendar than any phone is believed to be isn't trusted: the clock was set back.
  if order < 0 and time1 - now <= 10000 then return 0 end
end
if cost > 0 then
  used_until = used_until + cost
  local wait = used_until - now - @BURST_MS@
  if wait > 0 then return -math.ceil(wait) end
  if used_until - now - ARGV[2] > 0 then
    -- It holds for less time than what is owed: else a user who sends old positions would owe nothing.
    redis.call('PSETEX', KEYS[1], math.ceil(used_until - now), struct.pack('>BdBi8', 2, used_until, 0, 0))
    redis.call('PUBLISH', ARGV[4], new)
    return 1
  end
end
-- PSETEX takes Redis less time than SET with PX.
redis.call('PSETEX', KEYS[1], ARGV[2], struct.pack('>Bd', 2, used_until) .. new)
redis.call('PUBLISH', ARGV[4], new)
return 1
