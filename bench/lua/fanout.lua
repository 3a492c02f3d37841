-- One row by primary key from each of DATABASES databases, in one request.
package.path = os.getenv("LUA_DIRECTORY") .. "/?.lua;" .. package.path
local common = require("common")

local count = tonumber(os.getenv("DATABASES"))
local names = {}
for database = 1, count do names[database] = '"db' .. database .. '"' end

common.install(function(body)
  for database = 1, count do
    if not body:find("of db" .. database .. '"', 1, true) then return false end
  end
  return true
end)

init = function()
  request = common.build(4096, function()
    return "/query", string.format('{"sql":"%s","params":[%d],"db_ids":[%s]}',
      common.point_sql, math.random(1, 10000), table.concat(names, ","))
  end)
end
