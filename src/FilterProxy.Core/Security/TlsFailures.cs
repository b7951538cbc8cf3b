using System.Security.Authentication;
using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Security;

/// <summary>Tells from what a failed handshake threw why it failed.</summary>
internal static class TlsFailures
{
    // OpenSSL's texts for its reason codes: no code reaches us, and these have not changed since OpenSSL 1.1.
    private static readonly (string Text, TlsResult Result)[] Known =
    [
        ("no shared cipher", TlsResult.NoSharedCipher),
        ("no suitable signature algorithm", TlsResult.NoSharedCipher),
        ("no suitable key share", TlsResult.NoSharedCipher),
        ("unsupported protocol", TlsResult.UnsupportedVersion),
        ("wrong version number", TlsResult.UnsupportedVersion),
        ("version too low", TlsResult.UnsupportedVersion),
        ("no protocols available", TlsResult.UnsupportedVersion),
        ("inappropriate fallback", TlsResult.UnsupportedVersion),
        ("no application protocol", TlsResult.NoApplicationProtocol),
        ("peer did not return a certificate", TlsResult.ClientCertificateMissing),
        ("alert", TlsResult.ClientAlert),
    ];

    /// <param name="exception">From the TLS library.</param>
    /// <param name="asksForCertificate">Whether the client was asked for a certificate.</param>
    public static (TlsResult Result, string Detail) Explain(Exception exception, bool asksForCertificate)
    {
        var root = exception;
        while (root.InnerException is { } inner)
        {
            root = inner;
        }

        if (exception is not AuthenticationException)
        {
            return (TlsResult.Closed, "the client left");
        }

        // Ours to judge, and the handshake is over when it is judged: the library has only our word.
        if (asksForCertificate && root is AuthenticationException && ReferenceEquals(root, exception))
        {
            return (TlsResult.ClientCertificateRefused, root.Message);
        }

        // "error:0A0000C1:SSL routines::no shared cipher": the last part is for people.
        var text = root.Message;
        var colon = text.LastIndexOf(':');
        text = colon >= 0 && text.StartsWith("error:", StringComparison.Ordinal) ? text[(colon + 1)..] : text;
        foreach (var (part, result) in Known)
        {
            if (text.Contains(part, StringComparison.OrdinalIgnoreCase))
            {
                return (result, text);
            }
        }

        return (TlsResult.ProtocolError, text);
    }
}
