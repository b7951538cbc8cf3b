using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using FilterProxy.Filters.Text;

namespace FilterProxy.Filters.ReverseTunnel.Access;

/// <summary>Reads options that stand in a JSON file of their own: <c>{ "rules": [ … ] }</c>, with the names they have in the configuration.</summary>
internal static class JsonFile
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerOptions.Strict)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    /// <exception cref="ArgumentException">It cannot be read, or something in it is wrong.</exception>
    public static IReadOnlyList<T> Read<T>(string path, string member)
        where T : class
    {
        var text = OptionFile.Read(path, File.ReadAllBytes);
        try
        {
            var file = JsonSerializer.Deserialize<Dictionary<string, IReadOnlyList<T>>>(text, Json);
            if (file?.Count != 1 || !file.TryGetValue(member, out var items) || items.Any(item => item is null))
            {
                throw new ArgumentException($"{path}: expected {{ \"{member}\": [ … ] }}");
            }

            Check(path, member, items);
            return items;
        }
        catch (JsonException e)
        {
            // Not the message, which may show a part of a secret.
            throw new ArgumentException($"{path}:{e.LineNumber + 1}: expected {{ \"{member}\": [ … ] }}{(e.Path is { } place ? $", at {place}" : "")}", e);
        }
    }

    private static void Check<T>(string path, string member, IReadOnlyList<T> items)
        where T : class
    {
        for (var i = 0; i < items.Count; i++)
        {
            var found = new List<ValidationResult>();
            if (!Validator.TryValidateObject(items[i], new ValidationContext(items[i]), found, validateAllProperties: true))
            {
                throw new ArgumentException($"{path}: {member}[{i}]: {found[0].ErrorMessage}");
            }
        }
    }
}
