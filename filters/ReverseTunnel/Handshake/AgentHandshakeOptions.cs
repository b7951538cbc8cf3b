using System.ComponentModel.DataAnnotations;
using System.Text;

namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>How an agent asks a server for tunnels, and what proves who it is besides the certificate of its TLS.</summary>
public sealed record AgentHandshakeOptions : IValidatableObject
{
    /// <summary>The path it asks for.</summary>
    [RegularExpression("^/[!-~]*$", ErrorMessage = "must begin with '/' and have no spaces")]
    public string Path { get; init; } = "/reverse_connections/request";

    /// <summary>The method it asks by.</summary>
    [RegularExpression("^[A-Z]{1,16}$", ErrorMessage = "must be a method, e.g. GET")]
    public string Method { get; init; } = "GET";

    /// <summary>What it names in Host.</summary>
    [RegularExpression("^[a-zA-Z0-9._:\\[\\]-]+$", ErrorMessage = "must be a host name or address, with a port or without")]
    public string Host { get; init; } = "tunnel";

    /// <summary>Whether it asks by Upgrade, so that an HTTP proxy between can carry the tunnel.</summary>
    public bool Upgrade { get; init; }

    /// <summary>How long a handshake may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The id of the secret it signs with; null for none.</summary>
    [RegularExpression("^[a-zA-Z0-9_.-]{1,64}$", ErrorMessage = "must be 1 to 64 letters, digits, '_', '-' and '.'")]
    public string? KeyId { get; init; }

    /// <summary>That secret as text, at least 32 bytes; from the environment or a file, `${AGENT_SECRET}`.</summary>
    [Secret]
    public string? KeySecret { get; init; }

    /// <summary>A file with a token it shows, read anew for each handshake; null for none.</summary>
    public string? TokenFile { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Timeout < TimeSpan.FromMilliseconds(100) || Timeout > TimeSpan.FromMinutes(10))
        {
            yield return new("must be between 100ms and 10m", [nameof(Timeout)]);
        }

        if (KeyId is null != KeySecret is null)
        {
            yield return new("key_id and key_secret belong together", [nameof(KeyId)]);
        }

        if (KeySecret is { } secret && Encoding.UTF8.GetByteCount(secret) < 32)
        {
            yield return new("is shorter than 32 bytes", [nameof(KeySecret)]);
        }

        if (KeyId is not null && TokenFile is not null)
        {
            yield return new("one credential is shown: a key or a token", [nameof(TokenFile)]);
        }
    }
}
