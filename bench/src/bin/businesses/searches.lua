-- Searches for wrk: the centres in a file, one after another. Arguments: that file, the rest of the query, a token.

local threads = 0

function setup(thread)
  thread:set("offset", threads * 977)
  threads = threads + 1
end

function init(arguments)
  wrk.headers["Authorization"] = "Bearer " .. arguments[3]
  requests = {}
  for line in io.lines(arguments[1]) do
    local latitude, longitude = line:match("(%S+) (%S+)")
    local query = "latitude=" .. latitude .. "&longitude=" .. longitude .. arguments[2]
    table.insert(requests, wrk.format("GET", "/v1/search/nearby?" .. query))
  end
  at = offset
end

function request()
  at = at % #requests + 1
  return requests[at]
end
