using FilterProxy.EmbeddingSample;
using FilterProxy.Hosting;

var builder = WebApplication.CreateBuilder(args);
var here = builder.Configuration["App"] ?? "127.0.0.1:5000";
builder.WebHost.UseUrls($"http://{here}");
builder.Services.AddSingleton<Visits>();

builder.AddFilterProxy()
    .AddListener("web", builder.Configuration["Proxy"] ?? "127.0.0.1:8080")
    .AddRoute("app", route => route.Path("/*").ToCluster("app").Set("timeouts.total", TimeSpan.FromSeconds(30)))
    .AddRoute("health", route => route.Path("/healthz").Respond(200, "fine").Without("visits"))
    .AddCluster("app", here)
    .AddFilter<VisitFilter>(new VisitOptions { Header = "x-visit" });

var app = builder.Build();
app.MapGet("/", (HttpRequest request) => $"Hello, visitor {request.Headers["x-visit"]}.");
app.MapGet("/visits", (Visits visits) => visits.Count);
await app.RunAsync();
