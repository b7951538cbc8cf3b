using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace FilterProxy.Filters.Jose;

/// <summary>A value as it is written in a JSON text that is valid and has no escapes.</summary>
/// <param name="kind">Its first token.</param>
/// <param name="utf8">Of a text what is between the quotes, of anything else all of it.</param>
internal readonly ref struct JsonWritten(JsonTokenType kind, ReadOnlySpan<byte> utf8)
{
    private readonly ReadOnlySpan<byte> _utf8 = utf8;

    public JsonTokenType Kind { get; } = kind;

    public bool TryGetNumber(out double number)
    {
        number = 0;
        if (Kind != JsonTokenType.Number)
        {
            return false;
        }

        if (Utf8Parser.TryParse(_utf8, out long whole, out var used) && used == _utf8.Length)
        {
            number = whole;
            return true;
        }

        return Utf8Parser.TryParse(_utf8, out number, out used) && used == _utf8.Length;
    }

    /// <summary>Itself, or the items of a list, that are no lists or objects.</summary>
    public List<string> Texts()
    {
        var texts = new List<string>();
        if (IsText(Kind))
        {
            texts.Add(ToString());
        }
        else if (Kind == JsonTokenType.StartArray)
        {
            var items = Items();
            while (Next(ref items))
            {
                if (IsText(items.TokenType))
                {
                    texts.Add(Encoding.UTF8.GetString(items.ValueSpan));
                }
            }
        }

        return texts;
    }

    /// <summary>Whether one of <see cref="Texts"/> is one of those that are wanted.</summary>
    public bool HasText(IReadOnlyList<string> wanted)
    {
        if (Kind != JsonTokenType.StartArray)
        {
            return IsText(Kind) && IsOneOf(_utf8, wanted);
        }

        var items = Items();
        while (Next(ref items))
        {
            if (IsText(items.TokenType) && IsOneOf(items.ValueSpan, wanted))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What is written, a text without its quotes.</summary>
    public override string ToString() => Encoding.UTF8.GetString(_utf8);

    /// <summary>Whether bytes that are valid UTF-8 are a text.</summary>
    public static bool AreSame(ReadOnlySpan<byte> utf8, string text) =>
        Ascii.IsValid(utf8) ? Ascii.Equals(utf8, text) : Encoding.UTF8.GetString(utf8) == text;

    // Before the first item.
    private Utf8JsonReader Items()
    {
        var reader = new Utf8JsonReader(_utf8, StrictJson.Reading);
        reader.Read();
        return reader;
    }

    private static bool Next(ref Utf8JsonReader items)
    {
        if (items.CurrentDepth > 0)
        {
            // What the last one has in it.
            items.Skip();
        }

        return items.Read() && items.TokenType != JsonTokenType.EndArray;
    }

    private static bool IsText(JsonTokenType kind) => kind is JsonTokenType.String or JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False;

    private static bool IsOneOf(ReadOnlySpan<byte> text, IReadOnlyList<string> wanted)
    {
        for (var i = 0; i < wanted.Count; i++)
        {
            if (AreSame(text, wanted[i]))
            {
                return true;
            }
        }

        return false;
    }
}
