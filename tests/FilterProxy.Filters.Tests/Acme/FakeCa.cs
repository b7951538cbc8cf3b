using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using FilterProxy.Filters.Acme.Client;
using FilterProxy.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FilterProxy.Filters.Tests.Acme;

/// <summary>A CA that believes everybody, for what pebble cannot be made to do: rate limits, suggested renewals, wrong answers.</summary>
internal sealed class FakeCa : IAsyncDisposable
{
    private readonly TestCertificate _certificate = new("localhost");
    private readonly FakeTimeProvider _time;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _root;
    private readonly ConcurrentQueue<(DateTimeOffset At, JsonObject Payload)> _orders = new();
    private readonly ConcurrentDictionary<string, int> _requests = new();
    private WebApplication? _host;
    private string[] _names = [];
    private string _pem = "";
    private int _nonces;

    private FakeCa(FakeTimeProvider time)
    {
        _time = time;
        var request = new CertificateRequest("CN=Fake CA", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _root = request.CreateSelfSigned(time.GetUtcNow().AddYears(-1), time.GetUtcNow().AddYears(10));
    }

    public string CaPath => _certificate.CertPath;

    public Uri Directory { get; private set; } = new("https://localhost/");

    /// <summary>Every order with its time.</summary>
    public IReadOnlyList<(DateTimeOffset At, JsonObject Payload)> Orders => [.. _orders];

    /// <summary>Answers instead of the CA where it returns true.</summary>
    public Func<HttpContext, bool> Instead { get; set; } = static _ => false;

    /// <summary>How long certificates hold.</summary>
    public TimeSpan Life { get; set; } = TimeSpan.FromDays(90);

    /// <summary>The window of renewal it suggests; null for none.</summary>
    public (DateTimeOffset Start, DateTimeOffset End)? Window { get; set; }

    /// <summary>How often a path was asked for.</summary>
    public int CountOf(string path) => _requests.GetValueOrDefault(path);

    public static async Task<FakeCa> StartAsync(FakeTimeProvider time)
    {
        var ca = new FakeCa(time);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        using var pem = X509Certificate2.CreateFromPemFile(ca._certificate.CertPath, ca._certificate.KeyPath);
        var served = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, options => options.UseHttps(served)));
        ca._host = builder.Build();
        ca._host.Run(ca.AnswerAsync);
        await ca._host.StartAsync();
        var address = new Uri(ca._host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        ca.Directory = new Uri($"https://localhost:{address.Port}/dir");
        return ca;
    }

    public async ValueTask DisposeAsync()
    {
        await _host!.DisposeAsync();
        _certificate.Dispose();
        _root.Dispose();
        _key.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        _requests.AddOrUpdate(path, 1, static (_, count) => count + 1);
        context.Response.Headers["Replay-Nonce"] = $"nonce{Interlocked.Increment(ref _nonces)}";
        if (Instead(context))
        {
            return;
        }

        var payload = context.Request.Method == "POST" ? await PayloadAsync(context.Request) : [];
        switch (path)
        {
            case "/dir":
                await WriteAsync(context, Listing());
                break;
            case "/nonce":
                break;
            case "/account":
                context.Response.Headers.Location = At("/accounts/1").AbsoluteUri;
                await WriteAsync(context, new JsonObject { ["status"] = "valid" }, 201);
                break;
            case "/order":
                _orders.Enqueue((_time.GetUtcNow(), payload));
                _names = [.. payload["identifiers"]!.AsArray().Select(i => i!["value"]!.GetValue<string>())];
                context.Response.Headers.Location = At("/orders/1").AbsoluteUri;
                await WriteAsync(context, Order("ready"), 201);
                break;
            case "/orders/1":
                await WriteAsync(context, Order(_pem.Length > 0 ? "valid" : "ready"));
                break;
            case "/finalize":
                _pem = Sign(payload["csr"]!.GetValue<string>());
                await WriteAsync(context, Order("valid"));
                break;
            case "/certificate":
                await context.Response.WriteAsync(_pem);
                _pem = "";
                break;
            case var _ when path.StartsWith("/renewal/", StringComparison.Ordinal) && Window is { } window:
                context.Response.Headers.RetryAfter = "3600";
                await WriteAsync(context, new JsonObject { ["suggestedWindow"] = new JsonObject { ["start"] = $"{window.Start:O}", ["end"] = $"{window.End:O}" } });
                break;
            default:
                context.Response.StatusCode = 404;
                break;
        }
    }

    private JsonObject Listing()
    {
        var listing = new JsonObject
        {
            ["newNonce"] = At("/nonce").AbsoluteUri,
            ["newAccount"] = At("/account").AbsoluteUri,
            ["newOrder"] = At("/order").AbsoluteUri,
        };
        if (Window is not null)
        {
            listing["renewalInfo"] = At("/renewal").AbsoluteUri;
        }

        return listing;
    }

    private JsonObject Order(string status) => new()
    {
        ["status"] = status,
        ["authorizations"] = new JsonArray(),
        ["finalize"] = At("/finalize").AbsoluteUri,
        ["certificate"] = At("/certificate").AbsoluteUri,
    };

    private string Sign(string csr)
    {
        Base64.TryDecode(csr, out var bytes);
        var request = CertificateRequest.LoadSigningRequest(
            bytes, HashAlgorithmName.SHA256, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions);
        Assert.Equal(_names, request.CertificateExtensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateDnsNames());
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_root, true, false));
        using var leaf = request.Create(
            _root.SubjectName, X509SignatureGenerator.CreateForECDsa(_key), _time.GetUtcNow(), _time.GetUtcNow() + Life, RandomNumberGenerator.GetBytes(8));
        return $"{leaf.ExportCertificatePem()}\n{_root.ExportCertificatePem()}\n";
    }

    private Uri At(string path) => new(Directory, path);

    private static async Task<JsonObject> PayloadAsync(HttpRequest request)
    {
        using var reader = new StreamReader(request.Body);
        var signed = JsonNode.Parse(await reader.ReadToEndAsync())!;
        Base64.TryDecode(signed["payload"]!.GetValue<string>(), out var payload);
        return payload.Length == 0 ? [] : JsonNode.Parse(Encoding.UTF8.GetString(payload))!.AsObject();
    }

    private static Task WriteAsync(HttpContext context, JsonObject json, int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json.ToJsonString());
    }
}
