-- One row by primary key, in one of DATABASES databases.
package.path = os.getenv("LUA_DIRECTORY") .. "/?.lua;" .. package.path
local common = require("common")
local databases = tonumber(os.getenv("DATABASES"))

common.install(function(body) return body:find("of db%d+\"") end)

init = function()
  request = common.build(4096, function()
    return "/query/db" .. math.random(1, databases),
      string.format('{"sql":"%s","params":[%d]}', common.point_sql, math.random(1, 10000))
  end)
end
