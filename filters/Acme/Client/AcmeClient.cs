using System.Text.Json.Nodes;

namespace FilterProxy.Filters.Acme.Client;

/// <summary>The resources of an ACME server (RFC 8555 §7), for one account. One caller at a time.</summary>
internal sealed class AcmeClient(AcmeTransport transport, JsonObject directory, AccountKey key)
{
    // A server under load, or one that tests its clients, refuses good nonces now and then.
    private const int NonceAttempts = 20;

    /// <summary>The account's URL; null before there is one.</summary>
    public Uri? Account { get; set; }

    public AccountKey Key => key;

    /// <summary>Where renewal is suggested (RFC 9773); null where the CA does not.</summary>
    public Uri? RenewalInfo => directory.UrlOrNull("renewalInfo");

    private JsonObject Meta => directory["meta"] as JsonObject ?? [];

    public static async Task<AcmeClient> OpenAsync(AcmeTransport transport, Uri url, AccountKey key, CancellationToken stop)
    {
        var answer = await transport.GetAsync(url, stop);
        return answer.IsSuccess ? new AcmeClient(transport, answer.Json, key) : throw answer.ToException();
    }

    /// <summary>Makes the account, or finds the one this key has already (RFC 8555 §7.3).</summary>
    public async Task RegisterAsync(AcmeOptions options, CancellationToken stop)
    {
        if (Meta["externalAccountRequired"] is JsonValue required && required.TryGetValue<bool>(out var must) && must && options.Eab is null)
        {
            throw new AcmeException("The CA makes accounts only for those it knows: eab is missing.", "externalAccountRequired");
        }

        var url = directory.Url("newAccount");
        var request = new JsonObject { ["termsOfServiceAgreed"] = options.TermsOfServiceAgreed };
        if (options.Contact.Count > 0)
        {
            request["contact"] = new JsonArray([.. options.Contact.Select(c => (JsonNode)c)]);
        }

        if (options.Eab is { } eab)
        {
            request["externalAccountBinding"] = key.Bind(url, eab);
        }

        Account = null;
        var answer = await SendAsync(url, request, stop);
        Account = answer.Location ?? throw new AcmeException("The CA made an account and does not say where.");
    }

    /// <summary>Orders a certificate (RFC 8555 §7.4). A CA that does not know <paramref name="replaces"/> is asked without it.</summary>
    public async Task<(Uri Url, JsonObject Order)> OrderAsync(IEnumerable<string> names, string? replaces, CancellationToken stop)
    {
        var request = new JsonObject
        {
            ["identifiers"] = new JsonArray([.. names.Select(n => new JsonObject { ["type"] = "dns", ["value"] = n })]),
        };
        if (replaces is not null)
        {
            request["replaces"] = replaces;
        }

        AcmeResponse answer;
        try
        {
            answer = await SendAsync(directory.Url("newOrder"), request, stop);
        }
        catch (AcmeException e) when (replaces is not null && e.Type is "alreadyReplaced" or "malformed" or "conflict")
        {
            // RFC 9773 §5: the predecessor may be replaced already, or be of another CA's.
            return await OrderAsync(names, null, stop);
        }

        return (answer.Location ?? throw new AcmeException("The CA made an order and does not say where."), answer.Json);
    }

    /// <summary>POST-as-GET (RFC 8555 §6.3).</summary>
    public Task<AcmeResponse> FetchAsync(Uri url, CancellationToken stop, string accept = "application/json") => SendAsync(url, null, stop, accept);

    /// <summary>A signed POST.</summary>
    /// <exception cref="AcmeException">It was refused, or there was no answer.</exception>
    public async Task<AcmeResponse> SendAsync(Uri url, JsonObject? payload, CancellationToken stop, string accept = "application/json")
    {
        for (var attempt = 1; ; attempt++)
        {
            var nonce = await transport.TakeNonceAsync(directory.Url("newNonce"), stop);
            var answer = await transport.PostAsync(url, key.Sign(url, nonce, Account, payload?.ToJsonString() ?? ""), accept, stop);
            if (answer.IsSuccess)
            {
                return answer;
            }

            // RFC 8555 §6.5: the answer brought the next nonce.
            if (answer.ToException() is var problem && (problem.Type != "badNonce" || attempt == NonceAttempts))
            {
                throw problem;
            }
        }
    }

    /// <summary>An answer without an account, as renewal information is public.</summary>
    public Task<AcmeResponse> GetAsync(Uri url, CancellationToken stop) => transport.GetAsync(url, stop);
}
