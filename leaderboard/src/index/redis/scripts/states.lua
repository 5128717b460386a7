-- What there is of boards.
--
-- KEYS the boards' states
--
-- Answers of each its log, position, layout, whether ranks can be dense (1 or 0), and whether everybody is there (1 or 0).
local states = {}
for at, key in ipairs(KEYS) do
  local held = redis.call('HGETALL', key)
  local state, is_whole = {}, 1
  for n = 1, #held, 2 do state[held[n]] = held[n + 1] end
  for name, players in pairs(state) do
    local season = name:match('^n:(%d+)$')
    if season then
      local stem = key .. ':' .. (state.generation or '') .. ':' .. season
      local ranks, users = redis.call('ZCARD', stem .. ':ranks'), redis.call('HLEN', stem .. ':users')
      if ranks ~= tonumber(players) or users ~= ranks then is_whole = 0 end
    end
  end
  states[at] = { state.log or false, state.position or false, state.layout or false, tonumber(state.dense or 0), is_whole }
end
return states
