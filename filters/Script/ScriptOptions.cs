using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;

namespace FilterProxy.Filters.Script;

/// <summary>Options of <see cref="ScriptFilter"/>.</summary>
public sealed record ScriptOptions : IValidatableObject
{
    /// <summary>The script, relative to the configuration. It takes effect when it is saved.</summary>
    public required string File { get; init; }

    /// <summary>What the script sees as <c>config</c>: anything, read-only. Default: {}.</summary>
    public JsonNode? Config { get; init; }

    /// <summary>The cluster for requests whose script failed or went beyond a limit. Default: none, they get 500.</summary>
    public string? Fallback { get; init; }

    /// <summary>Duration one call may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Statements one call may run.</summary>
    [Range(1, 10_000_000)]
    public int Statements { get; init; } = 10_000;

    /// <summary>How deep functions may call themselves in one call.</summary>
    [Range(1, 500)]
    public int Recursion { get; init; } = 64;

    /// <summary>Bytes one call may allocate.</summary>
    public ByteSize Memory { get; init; } = ByteSize.FromMiB(4);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Timeout <= TimeSpan.Zero || Timeout > TimeSpan.FromSeconds(10))
        {
            yield return new ValidationResult("a script must end within a time between 1ms and 10s", [nameof(Timeout)]);
        }

        if (Memory < ByteSize.FromKiB(64))
        {
            yield return new ValidationResult("a call cannot do with less than 64KiB", [nameof(Memory)]);
        }
    }
}
