using System.Text.Json;
using System.Text.Unicode;

namespace FilterProxy.Filters.Jose;

/// <summary>
/// Reads JSON that two readers could not understand differently: UTF-8, no member twice (RFC 7515 §4, RFC 7519 §4), no half surrogates, no
/// comments, and not deep.
/// </summary>
internal static class StrictJson
{
    public const int Deepest = 16;

    public static readonly JsonReaderOptions Reading = new() { MaxDepth = Deepest };
    public static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false, MaxDepth = Deepest };

    /// <param name="utf8">The text.</param>
    /// <param name="root">The object it is; not tied to any buffer.</param>
    /// <param name="problem">What is wrong otherwise, without the text.</param>
    public static bool TryParseObject(ReadOnlySpan<byte> utf8, out JsonElement root, out string problem)
    {
        root = default;
        if (!Utf8.IsValid(utf8))
        {
            problem = "no UTF-8";
            return false;
        }

        try
        {
            root = JsonElement.Parse(utf8, Options);

            // Half of a surrogate pair can only be written as an escape, and is found only when the text is asked for.
            if (utf8.IndexOf("\\u"u8) >= 0)
            {
                ReadAll(root);
            }
        }
        catch (JsonException e)
        {
            problem = Describe(e);
            return false;
        }
        catch (InvalidOperationException)
        {
            problem = "half of a surrogate pair";
            return false;
        }

        problem = root.ValueKind == JsonValueKind.Object ? "" : "no object";
        return problem.Length == 0;
    }

    /// <summary>What is wrong with a text, without the text.</summary>
    public static string Describe(JsonException e) =>
        e.BytePositionInLine is { } at ? $"no JSON (line {e.LineNumber + 1}, byte {at + 1})" : "no JSON, or a member is there twice";

    /// <summary>A member that is text; false where it is missing or something else, as where the parent is no object.</summary>
    public static bool TryGetText(this JsonElement parent, string name, out string text)
    {
        JsonElement value = default;
        var found = parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out value) && value.ValueKind == JsonValueKind.String;
        text = found ? value.GetString()! : "";
        return found;
    }

    private static void ReadAll(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    _ = member.Name;
                    ReadAll(member.Value);
                }

                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    ReadAll(item);
                }

                break;
            case JsonValueKind.String:
                _ = element.GetString();
                break;
        }
    }
}
