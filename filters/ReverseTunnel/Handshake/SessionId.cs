using System.Security.Cryptography;

namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>What names an agent's session: 128 random bits in hex. No credential: every connection proves its identity anew.</summary>
internal static class SessionId
{
    private const int Bytes = 16;

    public static string Create() => RandomNumberGenerator.GetHexString(2 * Bytes, lowercase: true);

    public static bool IsFit(string text) => text.Length == 2 * Bytes && text.All(char.IsAsciiHexDigitLower);
}
