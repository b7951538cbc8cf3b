-- What browsers send to a shop, prepared once and sent in turns: GETs with a query and cookies, forms, JSON. Reported by wrk-report.lua.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "wrk-report.lua")

local browser = {
  ["Host"] = "shop.example.com",
  ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
  ["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  ["Accept-Language"] = "en-US,en;q=0.9,de;q=0.8",
  ["Accept-Encoding"] = "gzip, deflate, br",
  ["Cookie"] = "session=8f14e45fceea167a5a36dedd4bea2543; theme=dark; consent=all; cart=3f2c9a",
  ["Referer"] = "https://shop.example.com/catalogue/shoes?page=2",
}

local form = "application/x-www-form-urlencoded"
local json = "application/json"
local shop = {
  { "GET", "/catalogue/shoes?page=2&sort=price&colour=dark+blue&size=42" },
  { "GET", "/search?q=running+shoes+for+women&in=catalogue&per_page=24" },
  { "GET", "/product/10482-trail-runner?ref=search&utm_source=newsletter&utm_campaign=autumn" },
  { "POST", "/cart/add", form, "product=10482&size=42&quantity=1&gift=no&note=Please+leave+it+with+the+neighbour" },
  { "GET", "/assets/app.3f2c9a41.js?v=20261121" },
  { "POST", "/api/addresses", json,
    '{"name":"Siobhan O\'Neill","street":"12 Harbour Road","city":"Galway","postcode":"H91 E2K3","country":"IE","default":true}' },
  { "GET", "/api/products?ids=10482,10483,10490&fields=name,price,stock" },
  { "POST", "/login", form, "email=siobhan%40example.com&password=correct-horse-battery-staple&remember=on&next=%2Faccount" },
  { "POST", "/api/reviews", json,
    '{"product":10482,"stars":5,"title":"Great shoes","text":"I have had these for two weeks now and they are very comfortable, ' ..
    'even on long walks. The colour is a little darker than in the picture.","tags":["comfort","colour"]}' },
  { "GET", "/account/orders?from=2026-01-01&to=2026-11-21&state=delivered" },
}

local requests, at = {}, 0

function init()
  for index, one in ipairs(shop) do
    local headers = {}
    for name, value in pairs(browser) do headers[name] = value end
    headers["Content-Type"] = one[3]
    requests[index] = wrk.format(one[1], one[2], headers, one[4])
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end
