using System.Globalization;
using NBomber.Contracts;
using NBomber.CSharp;

// Two loads one after the other on a running proxy: users who wait for each reply, and arrivals that do not.
//   LoadTest URL USERS REQUESTS_PER_SECOND SECONDS REPORT_FOLDER
// Ends with 0 when every request had status 200, with 1 otherwise.
if (args.Length != 5)
{
    Console.Error.WriteLine("usage: LoadTest URL USERS REQUESTS_PER_SECOND SECONDS REPORT_FOLDER");
    return 2;
}

var (url, users, rate) = (args[0], int.Parse(args[1], CultureInfo.InvariantCulture), int.Parse(args[2], CultureInfo.InvariantCulture));
var duration = TimeSpan.FromSeconds(int.Parse(args[3], CultureInfo.InvariantCulture));

// No cookies, no redirects, no decompression: what is measured is the proxy.
using var handler = new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, UseProxy = false, MaxConnectionsPerServer = int.MaxValue };
using var client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(10) };

async Task<IResponse> Get()
{
    using var response = await client.GetAsync(url);
    var body = await response.Content.ReadAsByteArrayAsync();
    var status = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
    return status == "200" ? Response.Ok(statusCode: status, sizeBytes: body.Length) : Response.Fail(statusCode: status);
}

var closed = Scenario.Create("users_who_wait", async context => await Get())
    .WithWarmUpDuration(TimeSpan.FromSeconds(10))
    .WithLoadSimulations(Simulation.KeepConstant(copies: users, during: duration));
var open = Scenario.Create("arrivals_at_a_rate", async context => await Get())
    .WithoutWarmUp()
    .WithLoadSimulations(Simulation.Inject(rate: rate, interval: TimeSpan.FromSeconds(1), during: duration));

var failed = false;
foreach (var scenario in new[] { closed, open })
{
    var stats = NBomberRunner.RegisterScenarios(scenario).WithReportFolder(args[4]).Run();
    var seen = stats.ScenarioStats[0];
    failed |= seen.Fail.Request.Count > 0 || seen.Ok.Request.Count == 0;
    Console.WriteLine($"{seen.ScenarioName}: {seen.Ok.Request.Count} ok, {seen.Fail.Request.Count} failed, "
        + $"p50 {seen.Ok.Latency.Percent50} ms, p99 {seen.Ok.Latency.Percent99} ms");
}

return failed ? 1 : 0;
