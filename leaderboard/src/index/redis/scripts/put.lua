-- What both scripts that change standings begin with.
--
-- The players of a board in one season are three keys, whose names begin with the board's, the generation's and the season's:
-- ranks, a sorted set of those who stand there: by score (negated where low ones win, so that better is always higher), then
-- by the member, which is eight bytes that are higher the earlier the score was reached, and the user; users, a hash of the
-- same users with these eight bytes; scores, a sorted set of the scores that anybody has, each once, where ranks are dense.
-- The board's state says how many stand there in each season: n:SEASON.

-- Puts players where they stand from now on. ARGV from `first` on: season, user, the eight bytes, score (empty: nowhere;
-- beyond: one that a sorted set doesn't keep exactly, which the board's state remembers: it can't be answered of any more).
local function put(state, stem, is_dense, first)
  local seasons = {}
  for at = first, #ARGV, 4 do
    local season, user, reached, score = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
    local name = stem .. ':' .. season
    local ranks, users, scores = name .. ':ranks', name .. ':users', name .. ':scores'
    if score == 'beyond' then
      redis.call('HSET', state, 'beyond', 1)
      score = ''
    end
    local before, left = redis.call('HGET', users, user), nil
    if before then
      if is_dense then left = redis.call('ZSCORE', ranks, before .. user) end
      if before ~= reached or score == '' then redis.call('ZREM', ranks, before .. user) end
    end
    if score ~= '' then
      redis.call('ZADD', ranks, score, reached .. user)
      if before ~= reached then redis.call('HSET', users, user, reached) end
      if is_dense then redis.call('ZADD', scores, score, score) end
    elseif before then
      redis.call('HDEL', users, user)
    end
    if left and redis.call('ZCOUNT', ranks, left, left) == 0 then
      redis.call('ZREMRANGEBYSCORE', scores, left, left)
    end
    seasons[season] = ranks
  end
  return seasons
end

-- Says in a board's state how many stand there.
local function count(state, seasons)
  for season, ranks in pairs(seasons) do
    redis.call('HSET', state, 'n:' .. season, redis.call('ZCARD', ranks))
  end
end
