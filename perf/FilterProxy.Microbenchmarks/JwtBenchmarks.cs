using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using BenchmarkDotNet.Attributes;
using FilterProxy.Filters.JwtAuth;
using FilterProxy.TestKit;

namespace FilterProxy.Microbenchmarks;

/// <summary>What jwt_auth costs a request: a token that is remembered, and one whose signature is checked, beside the bare check of that signature.</summary>
[MemoryDiagnoser]
public class JwtBenchmarks
{
    private readonly TestComponentContext _context = new();
    private readonly string _file = Path.GetTempFileName();
    private TestExchange _exchange = null!;
    private JwtAuthFilter _remembering = null!, _checking = null!;
    private AsymmetricAlgorithm _key = null!;
    private byte[] _text = null!, _signature = null!;

    [Params("RS256", "ES256")]
    public string Algorithm { get; set; } = "RS256";

    [GlobalSetup]
    public void Setup()
    {
        _key = Algorithm == "RS256" ? RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(_file, $$"""{"keys":[{{Jwk()}}]}""");
        var options = new JwtAuthOptions
        {
            Issuers = [new() { Issuer = "https://login.example.com", JwksFile = _file, Audiences = ["shop"] }],

            // The same exchange again and again: what is taken away would have to be put back.
            Forward = true,
        };
        (_remembering, _checking) = (new JwtAuthFilter(options, _context), new JwtAuthFilter(options with { CacheTokens = 0 }, _context));
        var payload = $$"""{"iss":"https://login.example.com","sub":"7f3a9c","aud":"shop","exp":{{DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds()}},"iat":1700000000,"scope":"orders.read orders.write","roles":["staff","admin"]}""";
        _text = Encoding.ASCII.GetBytes($"{Encode(Encoding.ASCII.GetBytes($$"""{"alg":"{{Algorithm}}","kid":"k1","typ":"at+jwt"}"""))}.{Encode(Encoding.ASCII.GetBytes(payload))}");
        _signature = _key is RSA rsa ? rsa.SignData(_text, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1) : ((ECDsa)_key).SignData(_text, HashAlgorithmName.SHA256);
        _exchange = TestExchange.Get("/api/orders");
        _exchange.Request.Headers.Set(KnownHeader.Authorization, Encoding.ASCII.GetBytes($"Bearer {Encoding.ASCII.GetString(_text)}.{Encode(_signature)}"));
        Remembered();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _exchange.Dispose();
        _context.Dispose();
        _key.Dispose();
        File.Delete(_file);
    }

    [Benchmark(Baseline = true)]
    public bool Bare_check() => _key is RSA rsa
        ? rsa.VerifyData(_text, _signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
        : ((ECDsa)_key).VerifyData(_text, _signature, HashAlgorithmName.SHA256);

    [Benchmark]
    public FilterStatus Checked() => Run(_checking);

    [Benchmark]
    public FilterStatus Remembered() => Run(_remembering);

    private static string Encode(byte[] bytes) => Base64Url.EncodeToString(bytes);

    private FilterStatus Run(JwtAuthFilter filter)
    {
        var status = filter.OnRequestAsync(_exchange).Result;
        return status == FilterStatus.Continue ? status : throw new InvalidOperationException(_exchange.Reason);
    }

    private string Jwk()
    {
        if (_key is RSA rsa)
        {
            var numbers = rsa.ExportParameters(false);
            return $$"""{"kty":"RSA","kid":"k1","n":"{{Encode(numbers.Modulus!)}}","e":"{{Encode(numbers.Exponent!)}}"}""";
        }

        var point = ((ECDsa)_key).ExportParameters(false).Q;
        return $$"""{"kty":"EC","kid":"k1","crv":"P-256","x":"{{Encode(point.X!)}}","y":"{{Encode(point.Y!)}}"}""";
    }
}
