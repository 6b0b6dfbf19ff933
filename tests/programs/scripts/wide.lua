-- Lua: coroutines, strings, tables, garbage, files.
local function numbers(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) end
local sum = 0
for i in numbers(100000) do sum = sum + i end
print("coroutines", sum)
local t = {}
for i = 1, 50000 do t[i] = (i * 7919) % 50021 end
table.sort(t)
print("sorted", t[1], t[25000], t[50000])
for _ = 1, 200000 do local garbage = { {}, {}, tostring(_) } end
collectgarbage()
print("garbage", collectgarbage("count") < 20000)
print(("the quick brown fox"):gsub("%w+", function(w) return w:reverse() end))
print(string.format("%5.2f %x %q", math.pi, 255, "a\nb"), 7 // 2, 2^53, 1 << 40)
local name = os.tmpname()
local file = assert(io.open(name, "w+"))
for i = 1, 1000 do file:write(i, "\n") end
file:seek("set", 100)
file:read("l")
print("file", file:read("n"), file:seek("end"))
file:close()
os.remove(name)
print(pcall(error, { code = 1 }), select("#", pcall(error)))
print(os.date("!%Y-%m-%d", 1e9), os.getenv("HOME") ~= nil, io.open("/nonexistent"))
os.exit(9)
