using System.Diagnostics.Metrics;

namespace FilterProxy.Filters.OAuth2Login;

/// <summary>What the login counts.</summary>
internal sealed class LoginMetrics(Meter meter)
{
    private readonly Counter<long> _requests = meter.CreateCounter<long>(
        "filterproxy.login.requests", "{request}", "Requests by what became of them: session, anonymous, login, unauthorized, forbidden or unavailable.");

    private readonly Counter<long> _logins = meter.CreateCounter<long>("filterproxy.login.logins", "{login}", "Logins by result: done, or the reason they were refused with.");
    private readonly Counter<long> _refreshes = meter.CreateCounter<long>("filterproxy.login.refreshes", "{refresh}", "Refreshes of tokens by result: done, refused or failed.");
    private readonly Counter<long> _logouts = meter.CreateCounter<long>("filterproxy.login.logouts", "{logout}", "Logouts by kind: user, front_channel, back_channel or refused.");
    private readonly Counter<long> _cookies = meter.CreateCounter<long>("filterproxy.login.refused_cookies", "{cookie}", "Session cookies that were refused, by reason.");

    public void Request(string result) => _requests.Add(1, new KeyValuePair<string, object?>("result", result));

    public void Login(string result) => _logins.Add(1, new KeyValuePair<string, object?>("result", result));

    public void Refresh(string result) => _refreshes.Add(1, new KeyValuePair<string, object?>("result", result));

    public void Logout(string kind) => _logouts.Add(1, new KeyValuePair<string, object?>("kind", kind));

    public void RefusedCookie(string reason) => _cookies.Add(1, new KeyValuePair<string, object?>("reason", reason));
}
