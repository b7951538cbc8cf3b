// Which cluster gets a request. What is not decided here goes to the route's own cluster.

function onRequest(request) {
  var window = config.maintenance;
  if (window && now() >= Date.parse(window.from) && now() < Date.parse(window.until)) {
    var seconds = Math.ceil((Date.parse(window.until) - now()) / 1000);
    return { reply: { status: 503, body: 'Back soon.\n', headers: { 'retry-after': seconds } } };
  }
}

function route(request) {
  // Tenants by subdomain: acme.example.com.
  var tenant = config.tenants[request.host.split('.')[0]];
  if (tenant) {
    return { cluster: tenant, headers: { 'x-tenant': tenant } };
  }

  // Beta users, by what authentication found out, or a cookie.
  var user = request.userName || request.cookie('user');
  if (user && config.betaUsers.indexOf(user) >= 0) {
    return 'beta';
  }

  // A part of all others: the same client always lands on the same side.
  if (hash(request.cookie('visitor') || request.clientIp, 100) < config.canaryPercent) {
    return 'canary';
  }
}
