-- Takes changes of a board, all or none; or some that may come before the others, if both positions are the same: then the
-- board's stays what it is.
--
-- KEYS[1] the board's state    ARGV[1] the log's id             ARGV[5] the generation, if there is none yet
-- KEYS[2] the set of boards    ARGV[2] the position before them ARGV[6] how players are laid out over servers
--                              ARGV[3] the position after them  ARGV[7] 1 if ranks are dense
--                              ARGV[4] the channel              ARGV[8] and on: see put.lua
--
-- Answers the position that the board has come to; nothing if there is nothing that they could be taken into, or less than
-- they go on from.
local held = redis.call('HMGET', KEYS[1], 'log', 'position', 'generation', 'layout', 'dense')
local generation, is_dense = held[3], held[5] == '1'
if not held[1] then
  if ARGV[2] ~= '0' then return false end
  generation, is_dense = ARGV[5], ARGV[7] == '1'
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'log', ARGV[1], 'generation', generation, 'layout', ARGV[6], 'dense', ARGV[7])
  redis.call('HSET', KEYS[1], 'position', 0)
  held[2] = '0'
  redis.call('SADD', KEYS[2], KEYS[1]:match('%d+$'))
elseif held[1] ~= ARGV[1] or held[4] ~= ARGV[6] then
  return false
else
  local position = tonumber(held[2])
  if position < tonumber(ARGV[2]) then return false end
  if position >= tonumber(ARGV[3]) and ARGV[2] ~= ARGV[3] then return position end
end
count(KEYS[1], put(KEYS[1], KEYS[1] .. ':' .. generation, is_dense, 8))
if ARGV[2] == ARGV[3] then return tonumber(held[2]) end
redis.call('HSET', KEYS[1], 'position', ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[3])
return tonumber(ARGV[3])
