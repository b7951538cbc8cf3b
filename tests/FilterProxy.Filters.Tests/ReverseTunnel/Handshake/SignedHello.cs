using System.Text;
using FilterProxy.Filters.ReverseTunnel.Access;
using FilterProxy.Filters.ReverseTunnel.Handshake;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Handshake;

/// <summary>Signs requests a test has written by hand.</summary>
internal static class SignedHello
{
    public static string Request(TimeProvider clock, string key, string secret, string request, TimeSpan off = default)
    {
        if (!HandshakeHead.TryParse(Encoding.ASCII.GetBytes(request), out var head, out var problem))
        {
            throw new ArgumentException(problem);
        }

        var authorization = HelloSignature.Sign(key, Encoding.UTF8.GetBytes(secret), clock.GetUtcNow() + off, head.All);
        return request[..^2] + $"authorization: {authorization}\r\n\r\n";
    }
}
