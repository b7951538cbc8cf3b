using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace FilterProxy.Filters.OAuth2Login.Login;

/// <summary>
/// A login that is under way. It is kept with the browser that began it, encrypted, in a cookie named by its state: who comes back with a state but
/// without the cookie did not begin it (login CSRF), and beginning logins costs no memory here.
/// </summary>
/// <param name="State">Comes back from the provider.</param>
/// <param name="Nonce">Comes back in the ID token.</param>
/// <param name="Verifier">Proves to the provider who began (RFC 7636).</param>
/// <param name="ReturnTo">Where the browser goes then.</param>
/// <param name="RedirectUri">Where the provider sends it, as it was told.</param>
/// <param name="Created">Unix milliseconds of its beginning.</param>
internal sealed record PendingLogin(string State, string Nonce, string Verifier, string ReturnTo, string RedirectUri, long Created)
{
    /// <summary>Characters of a state.</summary>
    public const int StateLength = 32;

    /// <summary>Characters of a state that name the cookie.</summary>
    public const int NameLength = 8;

    /// <summary>RFC 7636 §4.2</summary>
    public string Challenge => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));

    public static PendingLogin Begin(string returnTo, string redirectUri, long now) => new(Random(24), Random(24), Random(32), returnTo, redirectUri, now);

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this);

    public static bool TryRead(ReadOnlySpan<byte> json, [NotNullWhen(true)] out PendingLogin? login)
    {
        try
        {
            login = JsonSerializer.Deserialize<PendingLogin>(json);
        }
        catch (JsonException)
        {
            login = null;
        }

        return login is not null;
    }

    private static string Random(int bytes) => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(bytes));
}
