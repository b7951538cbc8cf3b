using System.Globalization;
using System.Security.Claims;
using System.Text;

namespace FilterProxy.Filters.ApiKey;

/// <summary>A key that is known, with everything that requests need of it.</summary>
internal sealed class KnownKey
{
    private KnownKey(ApiKeyEntry entry, DateTimeOffset begins, DateTimeOffset ends)
    {
        (Id, Owner, Begins, Ends) = (entry.Id, entry.Owner, begins, ends);
        OwnerBytes = Encoding.UTF8.GetBytes(entry.Owner);
        Scopes = entry.Scopes;
        Claims = [.. entry.Claims.Select(claim => (claim.Key, claim.Value))];
        User = new ClaimsPrincipal(new ClaimsIdentity(
            [
                new Claim("sub", entry.Owner),
                new Claim("key_id", entry.Id),
                .. entry.Scopes.Select(scope => new Claim("scope", scope)),
                .. entry.Claims.Select(claim => new Claim(claim.Key, claim.Value)),
            ],
            "api_key",
            "sub",
            "roles"));
    }

    public string Id { get; }

    public string Owner { get; }

    public byte[] OwnerBytes { get; }

    public IReadOnlyList<string> Scopes { get; }

    public (string Name, string Value)[] Claims { get; }

    public ClaimsPrincipal User { get; }

    public DateTimeOffset Begins { get; }

    public DateTimeOffset Ends { get; }

    /// <param name="entry">The key as it is written down.</param>
    /// <param name="place">Where, for messages.</param>
    /// <exception cref="ArgumentException">Something is wrong with it; the message repeats no hash.</exception>
    public static (KeyDigest Digest, KnownKey Key) Read(ApiKeyEntry entry, string place)
    {
        if (entry.Id.Length == 0)
        {
            throw new ArgumentException($"{place}: a key has no id");
        }

        // What is no hash may be the key itself: it is not repeated.
        if (!KeyDigest.TryParse(entry.Hash, out var digest))
        {
            throw new ArgumentException($"{place}: the hash of '{entry.Id}' is not 'sha256:' and 64 hexadecimal digits; 'filterproxy new_api_key' makes one");
        }

        if (entry.Owner.Length == 0 || entry.Owner.Any(char.IsControl) || entry.Owner != entry.Owner.Trim())
        {
            throw new ArgumentException($"{place}: the owner of '{entry.Id}' is missing, or cannot be told in a header");
        }

        if (entry.Scopes.FirstOrDefault(scope => scope.Length == 0 || scope.Any(c => c is <= ' ' or > '~')) is { } wrong)
        {
            throw new ArgumentException($"{place}: '{wrong}' of '{entry.Id}' is no scope");
        }

        if (entry.Claims.Keys.FirstOrDefault(name => name is "sub" or "scope" or "key_id" or "owner" or "id") is { } taken)
        {
            throw new ArgumentException($"{place}: the claim '{taken}' of '{entry.Id}' is made of the key itself");
        }

        return (digest, new KnownKey(entry, TimeOf(entry.NotBefore, DateTimeOffset.MinValue, entry, place), TimeOf(entry.Expires, DateTimeOffset.MaxValue, entry, place)));
    }

    private static DateTimeOffset TimeOf(string? text, DateTimeOffset otherwise, ApiKeyEntry entry, string place) => text is null ? otherwise
        : DateTimeOffset.TryParseExact(
            text, ["yyyy-MM-dd", "yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mmK"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time
        : throw new ArgumentException($"{place}: '{text}' of '{entry.Id}' is no time like 2030-01-31 or 2030-01-31T12:00:00Z");
}
