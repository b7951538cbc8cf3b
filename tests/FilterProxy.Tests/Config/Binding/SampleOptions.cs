using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Text.Json.Serialization;

namespace FilterProxy.Tests.Config.Binding;

public enum SampleMode
{
    FixedWindow,
    SlidingWindow,
}

/// <summary>Options as a plugin would declare them: one property per kind the binder knows.</summary>
public sealed record SampleOptions : IValidatableObject
{
    public bool Flag { get; init; }

    [Range(1, 1000)]
    public int Permits { get; init; } = 10;

    public long Big { get; init; }

    public double Ratio { get; init; }

    public byte Tiny { get; init; }

    public string Text { get; init; } = "default";

    public string? Maybe { get; init; } = "set";

    public int? Count { get; init; } = 1;

    public SampleMode Mode { get; init; }

    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan? Wait { get; init; }

    public ByteSize Size { get; init; }

    public IPNetwork Network { get; init; }

    public IPAddress? Address { get; init; }

    public Uri? Issuer { get; init; }

    public Guid Id { get; init; }

    public SampleKey? Key { get; init; }

    [JsonPropertyName("renamed")]
    public string Other { get; init; } = "";

    public IReadOnlyList<string> Names { get; init; } = [];

    public int[] Numbers { get; init; } = [];

    public List<SampleMode> Modes { get; init; } = [];

    public IReadOnlySet<string> Set { get; init; } = new HashSet<string>();

    public IReadOnlyDictionary<string, int> Map { get; init; } = new Dictionary<string, int>();

    public Dictionary<SampleMode, SampleInner>? Inners { get; init; }

    public SampleInner Inner { get; init; } = new();

    public SampleInner? OptionalInner { get; init; }

    public IReadOnlyList<SampleRule> Rules { get; init; } = [];

    public string NotBound => "no setter";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Text == "throw")
        {
            throw new InvalidOperationException("a rule broke down");
        }

        if (Text == "bad")
        {
            yield return new ValidationResult("text must not be bad", [nameof(Text)]);
        }
    }
}

public sealed record SampleInner
{
    public string? Path { get; init; }

    public string Exploding
    {
        get => "";
        init => throw new ArgumentException($"'{value}' explodes");
    }
}

public sealed record SampleRule
{
    public required string Name { get; init; }

    [Required]
    public string? Label { get; init; }
}

public sealed class SampleKey
{
    private SampleKey(string text) => Text = text;

    public string Text { get; }

    public static bool TryParse(string text, out SampleKey? key, out string error)
    {
        key = text.StartsWith('%') ? new SampleKey(text) : null;
        error = key is null ? $"a key begins with '%', '{text}' does not" : "";
        return text == "%boom" ? throw new InvalidOperationException("boom") : key is not null;
    }
}

public sealed class ExplodingOptions
{
    public ExplodingOptions() => throw new InvalidOperationException("no luck today");
}

public sealed record PositionalOptions(string Name);
