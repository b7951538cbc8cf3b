using System.Text.RegularExpressions;
using FilterProxy.Core.Config;
using FilterProxy.Core.Config.Schema;
using Xunit;

namespace FilterProxy.Tests.Config.Schema;

public sealed class ReferenceTests
{
    public static TheoryData<string> Documents =>
    [
        "docs/configuration.md",
        "docs/operations/telemetry.md",
        "docs/operations/tls.md",
        .. Directory.GetFiles(Repository.PathOf("filters"), "README.md", SearchOption.AllDirectories)
            .Where(file => File.ReadAllText(file).Contains("<!-- options:", StringComparison.Ordinal))
            .Select(file => Path.GetRelativePath(Repository.Root, file)).Order(),
    ];

    [Theory]
    [MemberData(nameof(Documents))]
    public void The_tables_of_options_are_those_of_the_records(string file) =>
        Generated.AssertCurrent(Repository.PathOf(file), ReferenceTable.Refresh);

    [Fact]
    public void Every_record_of_the_configuration_has_its_table()
    {
        var documented = ((IEnumerable<object[]>)Documents).SelectMany(row => ReferenceTable.In(File.ReadAllText(Repository.PathOf((string)row[0])))).ToHashSet();
        var missing = typeof(ProxyConfig).Assembly.GetTypes()
            .Where(type => type.Namespace == typeof(ProxyConfig).Namespace && type.Name.EndsWith("Config", StringComparison.Ordinal))
            .Where(type => type.GetConstructor([]) is not null && !documented.Contains(type))
            .Select(type => type.Name)
            .Except([nameof(ComponentConfig), nameof(EndpointsConfig), nameof(PluginConfig)]);

        Assert.Empty(missing);
    }

    [Fact]
    public void A_default_that_a_comment_states_is_the_one_in_force()
    {
        var docs = new XmlDocs();
        var wrong =
            from type in typeof(ProxyConfig).Assembly.GetTypes()
            where type.Namespace == typeof(ProxyConfig).Namespace && type.IsClass && !type.IsAbstract && type.GetConstructor([]) is not null
            let instance = Activator.CreateInstance(type)
            from property in type.GetProperties()
            let stated = Regex.Match(docs.Of(property), @" Default: `?([^`,:;. ]+|[\w:/.;= -]+)`?[.,]")
            let actual = OptionDescription.Format(property.GetValue(instance))
            where stated.Success && actual is { Length: > 0 } && stated.Groups[1].Value != actual && !docs.Of(property).Contains($"Default: {actual}", StringComparison.Ordinal)
            select $"{type.Name}.{property.Name}: says {stated.Groups[1].Value}, is {actual}";

        Assert.Empty(wrong);
    }
}
