-- What scripts that remove standings begin with.

-- Removes the players of a state and the state. UNLINK frees memory beside the thread that answers, however much it is.
local function clear(stem, state)
  local held = redis.call('HGETALL', state)
  local generation, seasons = nil, {}
  for at = 1, #held, 2 do
    if held[at] == 'generation' then generation = held[at + 1] end
    local season = held[at]:match('^n:(%d+)$')
    if season then seasons[#seasons + 1] = season end
  end
  for _, season in ipairs(generation and seasons or {}) do
    local name = stem .. ':' .. generation .. ':' .. season
    redis.call('UNLINK', name .. ':ranks', name .. ':users', name .. ':scores')
  end
  redis.call('DEL', state)
end
