-- Removes the seasons that a board keeps no more.
--
-- KEYS[1] the board's state   ARGV[1] its newest season   ARGV[2] and on: those that it keeps
local kept = {}
for at = 2, #ARGV do kept[ARGV[at]] = true end
local generation = redis.call('HGET', KEYS[1], 'generation') or ''
for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
  local season = name:match('^n:(%d+)$')
  -- It may have begun another one since it was asked.
  if season and not kept[season] and tonumber(season) <= tonumber(ARGV[1]) then
    local stem = KEYS[1] .. ':' .. generation .. ':' .. season
    redis.call('UNLINK', stem .. ':ranks', stem .. ':users', stem .. ':scores')
    redis.call('HDEL', KEYS[1], name)
  end
end
return 1
