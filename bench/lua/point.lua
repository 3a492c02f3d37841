-- One row by primary key, in one of DATABASES databases from number FIRST on.
package.path = os.getenv("LUA_DIRECTORY") .. "/?.lua;" .. package.path
local common = require("common")
local first = tonumber(os.getenv("FIRST"))
local last = first + tonumber(os.getenv("DATABASES")) - 1

common.install(function(body) return body:find("of db%d+\"") end)

init = function()
  request = common.build(4096, function()
    return "/query/db" .. math.random(first, last),
      string.format('{"sql":"%s","params":[%d]}', common.point_sql, math.random(1, 10000))
  end)
end
