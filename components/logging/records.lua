-- What happens to each record between the inputs and the outputs of Fluent Bit: it gets one shape, is
-- counted against the limits, and loses its secrets. `settings` is a table that is put before this.

local NODE = os.getenv("NODE_NAME") or ""
local CLUSTER = os.getenv("CLUSTER_NAME") or ""

-- ---- shape -------------------------------------------------------------------------------------

local shapes = {}

-- The tag ends in the path of the file: `<pod>_<namespace>_<container>-<id of the container>.log`.
function shapes.containers(tag, record)
  local pod, namespace, container =
    string.match(tag, "^in%.containers%..-containers%.([^_]+)_([^_]+)_(.+)%-%x+%.log$")
  local found = record.kubernetes_namespace
  local labels = type(found) == "table" and found.labels
  return {
    log = record.log,
    stream = record.stream,
    namespace = namespace,
    pod = pod,
    container = container,
    tenant = type(labels) == "table" and labels[settings.tenantLabel] or nil,
    node = NODE,
  }
end

function shapes.journal(_, record)
  local unit = record._SYSTEMD_UNIT or record.SYSLOG_IDENTIFIER
  return {
    log = record.MESSAGE,
    unit = unit,
    priority = record.PRIORITY,
    source = unit == "kubelet.service" and "kubelet" or "journal",
    node = NODE,
  }
end

-- Seconds since 1970 of `2026-01-31T12:00:00.5Z`; a year begins in March, so that its days are even.
local function seconds(year, month, day, hour, minute, second)
  local y = month > 2 and year or year - 1
  local days = 365 * y + math.floor(y / 4) - math.floor(y / 100) + math.floor(y / 400)
    + math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1 - 719468
  return ((days * 24 + hour) * 60 + minute) * 60 + second
end

-- The time is that of the request, not when the line was read.
function shapes.audit(_, record)
  local time
  if type(record.log) == "string" then
    local parts = { string.match(
      record.log, '"stageTimestamp":"(%d+)-(%d+)-(%d+)T(%d+):(%d+):([%d.]+)Z"'
    ) }
    for place, part in ipairs(parts) do
      parts[place] = tonumber(part)
    end
    time = parts[6] and seconds(unpack(parts))
  end
  return { log = record.log, node = NODE }, time
end

local function quoted(text)
  return '"' .. string.gsub(string.gsub(text, '[\\"]', "\\%0"), "\n", "\\n") .. '"'
end

-- Events have no labels of their namespace, so the settings name the owners.
local function tenant_of(namespace)
  local owner = namespace and settings.owners[namespace]
  if owner or not namespace or not settings.rest then
    return owner or nil
  end
  for _, pattern in ipairs(settings.platform) do
    if string.find(namespace, pattern) then
      return nil
    end
  end
  return settings.rest
end

function shapes.events(_, record)
  local about = record.involvedObject or {}
  local by = record.reportingComponent or ""
  if by == "" and type(record.source) == "table" then
    by = record.source.component or ""
  end
  local message = tostring(record.message or "")
  local namespace = about.namespace or (record.metadata or {}).namespace
  return {
    log = string.format(
      "type=%s reason=%s object=%s/%s from=%s message=%s",
      record.type or "", record.reason or "", about.kind or "", about.name or "", by,
      quoted(message)
    ),
    namespace = namespace,
    tenant = tenant_of(namespace),
  }
end

-- ---- classes -----------------------------------------------------------------------------------

local function holds(list, value)
  return next(list) == nil or (value ~= nil and list[value] == true)
end

local function class_of(record)
  for _, class in ipairs(settings.classes) do
    if holds(class.sources, record.source)
      and holds(class.namespaces, record.namespace)
      and holds(class.tenants, record.tenant)
    then
      return class.name
    end
  end
  return "default"
end

-- ---- limits ------------------------------------------------------------------------------------

local buckets = {}

-- Whoever is limited has a bucket of tokens, one for a line, that fills with time.
local function bucket_of(key, rate, now)
  local full = rate * settings.burstSeconds
  local bucket = buckets[key]
  if not bucket then
    bucket = { tokens = full, at = now, dropped = 0 }
    buckets[key] = bucket
  elseif now > bucket.at then
    bucket.tokens = math.min(full, bucket.tokens + (now - bucket.at) * rate)
    bucket.at = now
  end
  return bucket
end

local function limited_by(record, now)
  local found = {}
  local function add(kind, name, rate)
    if name and rate then
      found[#found + 1] = bucket_of(kind .. "/" .. name, rate, now)
    end
  end
  local namespace, tenant = record.namespace, record.tenant
  local limits = settings.limits
  add("namespace", namespace, namespace and (limits.namespaces[namespace] or limits.namespace))
  add("tenant", tenant, tenant and (limits.tenants[tenant] or limits.tenant))
  add("node", NODE, limits.node)
  return found
end

-- Whether a record is within all limits. The next one that is tells how many were not.
local function passes(record, now)
  if not settings.limited[record.source] then
    return true
  end
  local found = limited_by(record, now)
  for _, bucket in ipairs(found) do
    if bucket.tokens < 1 then
      found[1].dropped = found[1].dropped + 1
      return false
    end
  end
  for _, bucket in ipairs(found) do
    bucket.tokens = bucket.tokens - 1
  end
  if found[1] and found[1].dropped > 0 then
    record.dropped = string.format("%d", found[1].dropped)
    found[1].dropped = 0
  end
  return true
end

-- ---- secrets -----------------------------------------------------------------------------------

local BEGIN = "%-%-%-%-%-BEGIN [%u ]*PRIVATE KEY%-%-%-%-%-"
local END = "%-%-%-%-%-END [%u ]*PRIVATE KEY%-%-%-%-%-"
local LONGEST_KEY = 200 -- lines
local keys = {}

-- A private key is one line with the ends of its lines written as `\n`, or a line each: those
-- after the first are nil. What another thread writes in between stays.
local function without_keys(place, text)
  local left = keys[place]
  if left then
    local _, last = string.find(text, END)
    if last then
      keys[place] = nil
      text = string.sub(text, last + 1)
      return text ~= "" and text or nil
    end
    keys[place] = left > 1 and left - 1 or nil
    local inside = string.find(text, "^%s*[%w+/=]*%s*$")
      or string.find(text, "^Proc%-Type: ")
      or string.find(text, "^DEK%-Info: ")
    return not inside and text or nil
  end
  if not string.find(text, "PRIVATE KEY", 1, true) then
    return text
  end
  text = string.gsub(text, BEGIN .. ".-" .. END, "[redacted:privateKey]")
  local first = string.find(text, BEGIN)
  if first then
    keys[place] = LONGEST_KEY
    text = string.sub(text, 1, first - 1) .. "[redacted:privateKey]"
  end
  return text
end

-- After a name its value goes; a backslash at its end belongs to the quotation mark that follows.
local function after_name(mark)
  return function(name, value)
    return name .. mark .. string.match(value, "\\*$")
  end
end

for _, rule in ipairs(settings.rules) do
  if rule.afterName then
    rule.replacement = after_name(rule.replacement)
  end
end

-- The text without secrets; nil for a line that is nothing else.
local function redacted(place, text)
  if settings.privateKeys then
    text = without_keys(place, text)
    if not text then
      return nil
    end
  end
  local lower = string.lower(text)
  for _, rule in ipairs(settings.rules) do
    if rule.hint == "" or string.find(lower, rule.hint, 1, true) then
      text = string.gsub(text, rule.pattern, rule.replacement)
    end
  end
  return text
end

-- ---- what Fluent Bit calls ---------------------------------------------------------------------

-- Returns -1 to drop the record, 1 to take the new one and its time.
function process(tag, timestamp, record)
  local source = string.match(tag, "^in%.(%a+)")
  local shape = shapes[source]
  local new, time
  if shape then
    new, time = shape(tag, record)
  end
  if not new or type(new.log) ~= "string" then
    return -1, timestamp, record
  end
  new.source = new.source or source
  time = time or timestamp
  if not settings.collect[new.source] or os.time() - time > settings.oldestSeconds then
    return -1, timestamp, record
  end
  new.cluster = CLUSTER
  new.class = class_of(new)
  if not passes(new, os.time()) then
    return -1, timestamp, record
  end
  new.log = redacted(tag .. (new.stream or new.unit or ""), new.log)
  if not new.log then
    return -1, timestamp, record
  end
  return 1, time, new
end
