using System.Reflection;
using System.Runtime.Loader;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using FilterProxy.Core.Components;

namespace FilterProxy.Core.Config.Schema;

/// <summary>Doc comments of types and properties as text with Markdown code spans, from the XML files beside the assemblies.</summary>
internal sealed partial class XmlDocs
{
    private readonly Dictionary<Assembly, Dictionary<string, XElement>> _assemblies = [];

    /// <summary>What a type is for; empty where nothing is known.</summary>
    public string Of(Type type) => Find(type.Assembly, $"T:{NameOf(type)}");

    /// <summary>What a property or the member of an enum is for; empty where nothing is known.</summary>
    public string Of(MemberInfo member) =>
        Find(member.DeclaringType!.Assembly, $"{(member is FieldInfo ? 'F' : 'P')}:{NameOf(member.DeclaringType)}.{member.Name}");

    private string Find(Assembly assembly, string id)
    {
        if (!_assemblies.TryGetValue(assembly, out var members))
        {
            _assemblies.Add(assembly, members = Load(FileOf(assembly)));
        }

        return members.TryGetValue(id, out var summary) ? Spaces().Replace(Text(summary), " ").Trim() : "";
    }

    // A plugin's assembly is loaded from memory: the place of its file is known to the context it lives in.
    private static string FileOf(Assembly assembly) => AssemblyLoadContext.GetLoadContext(assembly) is PluginLoadContext plugin
        ? Path.Combine(Path.GetDirectoryName(plugin.MainPath)!, $"{assembly.GetName().Name}.xml")
        : Path.ChangeExtension(assembly.Location, ".xml");

    private static Dictionary<string, XElement> Load(string file) => !File.Exists(file) ? [] : XDocument.Load(file)
        .Descendants("member")
        .Where(member => member.Element("summary") is not null)
        .ToDictionary(member => member.Attribute("name")!.Value, member => member.Element("summary")!, StringComparer.Ordinal);

    private static string Text(XElement element)
    {
        var text = new StringBuilder();
        foreach (var node in element.Nodes())
        {
            text.Append(node switch
            {
                XText plain => plain.Value,
                XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
                XElement { Name.LocalName: "see" or "paramref" } reference => $"`{Target(reference)}`",
                XElement other => Text(other),
                _ => "",
            });
        }

        return text.ToString();
    }

    // A reference to another option is what that option is called in the file.
    private static string Target(XElement reference)
    {
        var target = reference.Attribute("langword")?.Value ?? reference.Attribute("name")?.Value ?? reference.Attribute("cref")?.Value ?? "";
        var name = target[(target.LastIndexOf('.') + 1)..];
        return target.StartsWith("P:", StringComparison.Ordinal) || target.StartsWith("F:", StringComparison.Ordinal)
            ? JsonNamingPolicy.SnakeCaseLower.ConvertName(name)
            : name;
    }

    private static string NameOf(Type type) => type.FullName!.Replace('+', '.');

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
