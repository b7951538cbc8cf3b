using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using FilterProxy.Filters.Acme.Challenges;
using FilterProxy.Filters.Acme.Client;
using FilterProxy.Filters.Acme.Store;

namespace FilterProxy.Filters.Acme.Renewal;

/// <summary>One order from its beginning to the certificate (RFC 8555 §7.4, §7.5).</summary>
internal sealed class Issuance(AcmeClient client, AcmeOptions options, IChallengeSolver solver, TimeProvider time)
{
    private const string PemChain = "application/pem-certificate-chain";
    private static readonly TimeSpan ShortestPoll = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPoll = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <param name="replaces">The renewal id of the certificate it is to replace; null for none.</param>
    /// <param name="stop">Ends it; proofs are taken away all the same.</param>
    public async Task<IssuedCertificate> RunAsync(string? replaces, CancellationToken stop)
    {
        var (url, order) = await client.OrderAsync(options.Names, replaces, stop);
        await AuthorizeAsync(order.Urls("authorizations"), stop);
        order = await PollAsync(url, "pending", stop);
        using var key = CreateKey(out var request);
        if (order.Text("status") == "ready")
        {
            await client.SendAsync(order.Url("finalize"), new JsonObject { ["csr"] = Base64.Encode(request) }, stop);
            order = await PollAsync(url, "ready", stop, "processing");
        }

        if (order.Text("status") != "valid")
        {
            throw new AcmeException($"The order is {order.Text("status")}: {ErrorOf(order)}", TypeOf(order));
        }

        return await DownloadAsync(order.Url("certificate"), key, stop);
    }

    private async Task AuthorizeAsync(IReadOnlyList<Uri> authorizations, CancellationToken stop)
    {
        var shown = new List<Proof>();
        try
        {
            foreach (var url in authorizations)
            {
                if (ProofFor(url, (await client.FetchAsync(url, stop)).Json) is { } proof)
                {
                    // Noted first: what failed half-way is taken away as well.
                    shown.Add(proof);
                    await solver.PresentAsync(proof.Name, proof.Token, proof.Text, stop);
                }
            }

            if (shown.Count > 0)
            {
                await solver.SettleAsync(stop);
            }

            foreach (var proof in shown)
            {
                await client.SendAsync(proof.Challenge, [], stop);
            }

            foreach (var proof in shown)
            {
                var result = await PollAsync(proof.Authorization, "pending", stop);
                if (result.Text("status") != "valid")
                {
                    throw Refused(proof, result);
                }
            }
        }
        finally
        {
            foreach (var proof in shown)
            {
                await solver.RemoveAsync(proof.Name, proof.Token, proof.Text);
            }
        }
    }

    /// <summary>What is to be proved; null where it is proved already.</summary>
    private Proof? ProofFor(Uri url, JsonObject authorization)
    {
        var name = (authorization["identifier"] as JsonObject)?.Text("value") ?? "";
        if (authorization.Text("status") == "valid")
        {
            return null;
        }

        if (authorization.Text("status") != "pending")
        {
            throw new AcmeException($"The authorization of {name} is {authorization.Text("status")}.");
        }

        var offered = (authorization["challenges"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        var challenge = offered.Find(c => c.Text("type") == options.Challenge.ToString())
            ?? throw new AcmeException($"The CA does not offer {options.Challenge} for {name}, only {string.Join(", ", offered.Select(c => c.Text("type")))}.");
        var token = challenge.Text("token");
        return CertificateStore.IsToken(token)
            ? new Proof(name, url, challenge.Url("url"), token, client.Key.Authorize(token))
            : throw new AcmeException($"The CA's token for {name} is none (RFC 8555 section 8.1).");
    }

    /// <summary>Asks until a resource leaves these states, as often as the CA likes.</summary>
    private async Task<JsonObject> PollAsync(Uri url, string state, CancellationToken stop, string? orState = null)
    {
        var started = time.GetTimestamp();
        var pause = ShortestPoll;
        while (true)
        {
            var answer = await client.FetchAsync(url, stop);
            var json = answer.Json;
            if (json.Text("status") is var status && status != state && status != orState)
            {
                return json;
            }

            if (time.GetElapsedTime(started) > Patience)
            {
                throw new AcmeException($"The CA left {url.AbsolutePath} {status} for {Patience.TotalMinutes:0} minutes.");
            }

            var wished = answer.RetryAfter ?? pause;
            await Task.Delay(wished < ShortestPoll ? ShortestPoll : wished > LongestPoll ? LongestPoll : wished, time, stop);
            pause = pause * 2 < LongestPoll ? pause * 2 : LongestPoll;
        }
    }

    private AsymmetricAlgorithm CreateKey(out byte[] signingRequest)
    {
        // No common name: the CA takes the names from the extension (RFC 8555 §7.4).
        var subject = new X500DistinguishedName("");
        AsymmetricAlgorithm key;
        CertificateRequest request;
        if (options.Key is CertificateKey.P256 or CertificateKey.P384)
        {
            var ec = ECDsa.Create(options.Key == CertificateKey.P256 ? ECCurve.NamedCurves.nistP256 : ECCurve.NamedCurves.nistP384);
            (key, request) = (ec, new CertificateRequest(subject, ec, options.Key == CertificateKey.P256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA384));
        }
        else
        {
            var rsa = RSA.Create(options.Key switch { CertificateKey.Rsa3072 => 3072, CertificateKey.Rsa4096 => 4096, _ => 2048 });
            (key, request) = (rsa, new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        }

        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in options.Names)
        {
            names.AddDnsName(name);
        }

        request.CertificateExtensions.Add(names.Build());
        signingRequest = request.CreateSigningRequest();
        return key;
    }

    private async Task<IssuedCertificate> DownloadAsync(Uri url, AsymmetricAlgorithm key, CancellationToken stop)
    {
        var answer = await client.FetchAsync(url, stop, PemChain);
        var certificate = Read(key, answer.Body);
        if (options.PreferredChain is not { } wanted || HasIssuer(certificate, wanted))
        {
            return certificate;
        }

        foreach (var alternate in answer.Alternates)
        {
            if (Read(key, (await client.FetchAsync(alternate, stop, PemChain)).Body) is var other && HasIssuer(other, wanted))
            {
                return other;
            }
        }

        // A chain is a wish: the certificate is good without it.
        return certificate;
    }

    private IssuedCertificate Read(AsymmetricAlgorithm key, string chain)
    {
        IssuedCertificate certificate;
        try
        {
            certificate = IssuedCertificate.FromPem(IssuedCertificate.Join(key, chain));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new AcmeException($"The certificate the CA sent cannot be used: {e.Message}", inner: e);
        }

        return certificate.IsFor(options.Names)
            ? certificate
            : throw new AcmeException($"The certificate the CA sent is for {string.Join(", ", certificate.Names)}.");
    }

    private static bool HasIssuer(IssuedCertificate certificate, string name) =>
        certificate.Chain.Append(certificate.Leaf)
            .Any(c => string.Equals(c.GetNameInfo(X509NameType.SimpleName, forIssuer: true), name, StringComparison.OrdinalIgnoreCase));

    private static AcmeException Refused(Proof proof, JsonObject authorization)
    {
        var failed = (authorization["challenges"] as JsonArray ?? []).OfType<JsonObject>().FirstOrDefault(c => c["error"] is not null);
        return new AcmeException(
            $"The CA could not validate {proof.Name}: {(failed is null ? authorization.Text("status") : ErrorOf(failed))}", failed is null ? "" : TypeOf(failed));
    }

    private static string ErrorOf(JsonObject json) => json["error"] is JsonObject error ? AcmeResponse.Describe(error) : "the CA does not say why";

    private static string TypeOf(JsonObject json) => (json["error"] as JsonObject)?.Text("type") ?? "";

    private sealed record Proof(string Name, Uri Authorization, Uri Challenge, string Token, string Text);
}
