using System.Globalization;
using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.HttpLogging;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Transforms;

// YARP with the duties every proxy in the comparison has: one route, keep-alive, forwarding headers, a request id, Via,
// the client's Host, no request log. The environment adds what a series asks for.
static string? Told(string name) => Environment.GetEnvironmentVariable(name);
static string Required(string name) => Told(name) ?? throw new InvalidOperationException($"{name} is not set.");
static int Number(string name, int otherwise) => Told(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.WebHost.UseKestrelHttpsConfiguration();
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.AddServerHeader = false;
    kestrel.Limits.KeepAliveTimeout = TimeSpan.FromHours(1);
    kestrel.Listen(IPAddress.Loopback, Number("PORT", 0), listen =>
    {
        var certificate = Told("TLS_CERT");
        listen.Protocols = Told("HTTP2") is null ? HttpProtocols.Http1 : certificate is null ? HttpProtocols.Http2 : HttpProtocols.Http1AndHttp2;
        if (certificate is not null)
        {
            listen.UseHttps(https =>
            {
                https.ServerCertificate = X509Certificate2.CreateFromPemFile(certificate, Required("TLS_KEY"));
                https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
            });
        }
    });
});

var log = Told("ACCESS_LOG");
if (log is not null)
{
    builder.Services.AddW3CLogging(options =>
    {
        options.LogDirectory = Path.GetDirectoryName(log)!;
        options.FileName = Path.GetFileNameWithoutExtension(log) + "-";
        options.LoggingFields = W3CLoggingFields.All;
        options.FileSizeLimit = null;
        options.FlushInterval = TimeSpan.FromMilliseconds(250);
    });
}

var address = $"http://127.0.0.1:{Required("ORIGIN_PORT")}/";
var (routeCount, clusterCount) = (Number("ROUTES", 0), Number("CLUSTERS", 1));
ClusterConfig Cluster(string id) =>
    new() { ClusterId = id, Destinations = new Dictionary<string, DestinationConfig> { ["origin"] = new() { Address = address } } };
var routes = Enumerable.Range(0, routeCount)
    .Select(i => new RouteConfig { RouteId = $"r{i}", ClusterId = $"c{i % clusterCount}", Match = new RouteMatch { Path = $"/app{i}/{{**rest}}" } })
    .Append(new RouteConfig { RouteId = "all", ClusterId = "origin", Match = new RouteMatch { Path = "/{**path}" } });
var clusters = Enumerable.Range(0, routeCount > 0 ? clusterCount : 0).Select(i => Cluster($"c{i}")).Append(Cluster("origin"));

builder.Services.AddReverseProxy()
    .LoadFromMemory([.. routes], [.. clusters])
    .AddTransforms(transforms =>
    {
        transforms.AddOriginalHost();
        transforms.AddRequestHeader("Via", "1.1 yarp", append: true);
        transforms.AddRequestTransform(context =>
        {
            context.ProxyRequest.Headers.TryAddWithoutValidation("X-Request-Id", Guid.NewGuid().ToString("N"));
            return default;
        });
    });

var app = builder.Build();
if (log is not null)
{
    app.UseW3CLogging();
}

app.MapReverseProxy();
app.Run();
