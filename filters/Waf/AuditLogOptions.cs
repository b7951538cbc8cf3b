using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.Waf;

/// <summary>Where and how the audit log is written.</summary>
public sealed record AuditLogOptions
{
    /// <summary>The file to append to, relative to the configuration file.</summary>
    [Required(ErrorMessage = "path must not be empty")]
    public required string Path { get; init; }

    /// <summary>The form of an entry: `json` (a line) or `native` (ModSecurity's parts). Default: json.</summary>
    public AuditFormat Format { get; init; } = AuditFormat.Json;

    /// <summary>Write about every exchange, and not only about those a rule matched. Default: false.</summary>
    public bool All { get; init; }
}
