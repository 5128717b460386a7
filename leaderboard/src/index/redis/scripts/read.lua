-- Reads standings, all of an answer as of one state.
--
-- KEYS[1] the board's state   ARGV[1] the season   ARGV[2] what is read, and ARGV[3] and on what of it: see below
--
-- Answers the log's id, the position, the layout, whether ranks can be dense (1 or 0), whether everybody is there (1 or 0),
-- how many stand there, what was read, and 1 if somebody has a score that isn't kept exactly, else 0.
local held = redis.call('HMGET', KEYS[1], 'log', 'position', 'layout', 'dense', 'generation', 'n:' .. ARGV[1], 'beyond')
local name = KEYS[1] .. ':' .. (held[5] or '') .. ':' .. ARGV[1]
local ranks, users, scores = name .. ':ranks', name .. ':users', name .. ':scores'
local players = redis.call('ZCARD', ranks)
local is_whole = players == tonumber(held[6] or 0) and redis.call('HLEN', users) == players
local is_dense = held[4] == '1'

-- How many have a better score, and how many better scores there are.
local function better(score)
  local dense = is_dense and redis.call('ZCOUNT', scores, '(' .. score, '+inf') or 0
  return redis.call('ZCOUNT', ranks, '(' .. score, '+inf'), dense
end

-- Up to `limit` players from a place on: the place, what is `better` than the first of them, members and scores by turns.
local function page(place, limit)
  if limit <= 0 then return { place, 0, 0, {} } end
  local found = redis.call('ZREVRANGE', ranks, place, place + limit - 1, 'WITHSCORES')
  if #found == 0 then return { place, 0, 0, {} } end
  local above, dense = better(found[2])
  return { place, above, dense, found }
end

-- The place of the first who stands behind a score that was reached there, whether or not anybody has it.
local function behind(score, reached)
  local low = redis.call('ZCOUNT', ranks, '(' .. score, '+inf')
  local high = low + redis.call('ZCOUNT', ranks, score, score)
  -- Number by number, since Lua compares strings as the server's locale says.
  local high1, low1 = struct.unpack('>I4I4', reached)
  while low < high do
    local middle = math.floor((low + high) / 2)
    local high2, low2 = struct.unpack('>I4I4', redis.call('ZREVRANGE', ranks, middle, middle)[1])
    if high2 > high1 or (high2 == high1 and low2 >= low1) then low = middle + 1 else high = middle end
  end
  return low
end

local read = {}

-- A page from a place on. ARGV: place, limit.
function read.page() return page(tonumber(ARGV[3]), tonumber(ARGV[4])) end

-- A page behind an entry. ARGV: score, the eight bytes of when it was reached, limit.
function read.behind() return page(behind(ARGV[3], ARGV[4]), tonumber(ARGV[5])) end

-- Players. ARGV: users. Answers of each the eight bytes, score, place, how many are better, how many scores are; or nothing.
function read.players()
  local found = {}
  for at = 3, #ARGV do
    local reached = redis.call('HGET', users, ARGV[at])
    found[at - 2] = false
    if reached then
      local member = reached .. ARGV[at]
      local score, place = redis.call('ZSCORE', ranks, member), redis.call('ZREVRANK', ranks, member)
      if score and place then
        local above, dense = better(score)
        found[at - 2] = { reached, score, place, above, dense }
      end
    end
  end
  return found
end

-- The top, and a player with neighbours. ARGV: how many of the top, how many neighbours each way, user.
-- Answers two pages; the second is followed by which of it the player is, or is nothing.
function read.view()
  local reached, around = redis.call('HGET', users, ARGV[5]), false
  local place = reached and redis.call('ZREVRANK', ranks, reached .. ARGV[5])
  if place then
    local above = math.min(place, tonumber(ARGV[4]))
    around = page(place - above, above + 1 + ARGV[4])
    around[5] = above
  end
  return { page(0, tonumber(ARGV[3])), around }
end

-- How many stand before entries of other servers. ARGV: score, eight bytes, by turns.
-- Answers of each how many are better, and how many stand before it.
function read.before()
  local counts = {}
  for at = 3, #ARGV, 2 do
    counts[#counts + 1] = redis.call('ZCOUNT', ranks, '(' .. ARGV[at], '+inf')
    counts[#counts + 1] = behind(ARGV[at], ARGV[at + 1])
  end
  return counts
end

-- The neighbours of an entry of another server. ARGV: score, eight bytes, how many each way.
-- Answers how many are better, how many stand before it, and a page that begins with the first of these neighbours.
function read.near()
  local place, each = behind(ARGV[3], ARGV[4]), tonumber(ARGV[5])
  local above = math.min(place, each)
  local ahead = redis.call('ZCOUNT', ranks, '(' .. ARGV[3], '+inf')
  return { ahead, place, page(place - above, above + each) }
end

return { held[1], held[2], held[3], is_dense and 1 or 0, is_whole and 1 or 0, players, read[ARGV[2]](), held[7] and 1 or 0 }
