using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Transforms;

// YARP with the duties every proxy in the comparison has: one route, keep-alive, forwarding headers, a request id, Via,
// the client's Host, no request log.
var port = int.Parse(Environment.GetEnvironmentVariable("PORT") ?? throw new InvalidOperationException("PORT is not set."));
var originPort = Environment.GetEnvironmentVariable("ORIGIN_PORT") ?? throw new InvalidOperationException("ORIGIN_PORT is not set.");

var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.AddServerHeader = false;
    kestrel.Limits.KeepAliveTimeout = TimeSpan.FromHours(1);
    kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http1);
});
builder.Services.AddReverseProxy()
    .LoadFromMemory(
        [new RouteConfig { RouteId = "all", ClusterId = "origin", Match = new RouteMatch { Path = "/{**path}" } }],
        [
            new ClusterConfig
            {
                ClusterId = "origin",
                Destinations = new Dictionary<string, DestinationConfig>
                {
                    ["origin"] = new() { Address = $"http://127.0.0.1:{originPort}/" },
                },
            },
        ])
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
app.MapReverseProxy();
app.Run();
