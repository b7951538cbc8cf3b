using FilterProxy.Core.Config.Binding;
using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config.Includes;

/// <summary>
/// Makes one document of several: mappings by name are joined, top-level lists concatenated, records joined key by key. What is set
/// in two files is an error that names both places: with files in an order nobody sees, neither could be meant to win.
/// </summary>
internal sealed class ConfigMerge(ConfigErrors errors)
{
    private const string Include = "include";

    /// <summary>One document of these, which come in order, the main file first.</summary>
    public ConfigMapping Merge(IReadOnlyList<ConfigMapping> parts) =>
        parts.Count == 1 ? parts[0] : Join([.. parts.Select((part, index) => index == 0 ? part : WithoutInclude(part))], typeof(ProxyConfig), "");

    private ConfigMapping Join(List<ConfigMapping> parts, Type type, string path)
    {
        var order = new List<string>();
        var found = new Dictionary<string, List<ConfigEntry>>(StringComparer.Ordinal);
        foreach (var entry in parts.SelectMany(part => part.Entries))
        {
            if (!found.TryGetValue(entry.Name, out var twins))
            {
                order.Add(entry.Name);
                found.Add(entry.Name, twins = []);
            }

            twins.Add(entry);
        }

        var plan = ObjectPlan.Of(type)!;
        return new ConfigMapping(parts[0].Location, [.. order.Select(name => Join(found[name], plan.Find(name)?.Type, path + name))]);
    }

    private ConfigEntry Join(List<ConfigEntry> entries, Type? type, string path)
    {
        // Nothing below a key says nothing.
        var written = entries.Where(entry => entry.Value is not ConfigScalar { IsNull: true }).ToList();
        if (written.Count <= 1)
        {
            return written.FirstOrDefault() ?? entries[0];
        }

        var first = written[0];
        var mappings = written.Select(entry => entry.Value).OfType<ConfigMapping>().ToList();
        if (mappings.Count == written.Count && type is not null && ModelForms.Find(type) is null)
        {
            if (CollectionForm.EntryOf(type) is not null)
            {
                return first with { Value = JoinNames(mappings, path) };
            }

            if (CollectionForm.ItemOf(type) is null && ScalarForm.Of(type) is null && ObjectPlan.Of(type) is not null)
            {
                return first with { Value = Join(mappings, type, path + ".") };
            }
        }

        var isTopLevelList = type is not null && CollectionForm.ItemOf(type) is not null && !path.Contains('.', StringComparison.Ordinal);
        if (isTopLevelList && mappings.Count == 0)
        {
            var items = written.SelectMany(entry => entry.Value is ConfigSequence list ? list.Items : [entry.Value]);
            return first with { Value = new ConfigSequence(first.Value.Location, [.. items]) };
        }

        foreach (var again in written.Skip(1))
        {
            Refuse(path, "set", first, again);
        }

        return first;
    }

    private ConfigMapping JoinNames(List<ConfigMapping> mappings, string path)
    {
        var entries = new Dictionary<string, ConfigEntry>(StringComparer.Ordinal);
        foreach (var entry in mappings.SelectMany(mapping => mapping.Entries))
        {
            if (!entries.TryAdd(entry.Name, entry))
            {
                Refuse($"{path}.{entry.Name}", "defined", entries[entry.Name], entry);
            }
        }

        return new ConfigMapping(mappings[0].Location, [.. entries.Values]);
    }

    private void Refuse(string path, string what, ConfigEntry first, ConfigEntry again) =>
        errors.Add(again.Location, $"'{path}' is {what} twice", $"first at {first.Location}");

    private static ConfigMapping WithoutInclude(ConfigMapping part) =>
        part.Find(Include) is null ? part : new ConfigMapping(part.Location, [.. part.Entries.Where(entry => entry.Name != Include)]);
}
