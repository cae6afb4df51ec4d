-- Arguments: method, body, requests sent at once, header lines. A value `*` is another key each time, of a thousand.
local KEYS = 1000
local sent = {}
local at = 0

function init(args)
  wrk.method = args[1]
  if args[2] ~= "" then wrk.body = args[2] end
  local keyed
  for index = 4, #args do
    local name, value = args[index]:match("^([^:]+): (.*)$")
    if value == "*" then keyed = name else wrk.headers[name] = value end
  end
  for key = 1, keyed and KEYS or 1 do
    if keyed then wrk.headers[keyed] = tostring(key) end
    sent[key] = string.rep(wrk.format(), tonumber(args[3]))
  end
end

function request()
  at = at % #sent + 1
  return sent[at]
end
