using System.Text.Json.Nodes;
using FilterProxy.SecLangAdapter;
using FilterProxy.Tests.Routing;
using Xunit;

namespace FilterProxy.Filters.Tests.Waf;

/// <summary>The operators and transformations by public cases, which are not part of the repository.</summary>
public sealed class SecLangConformanceTests
{
    // Of 3934 and 358. Missing are five of validateSchema, which is not supported.
    private const int Operators = 3929;
    private const int Transformations = 358;

    [ConformanceFact("seclang-unit.json")]
    public void Operators_and_transformations_do_what_the_cases_say()
    {
        var cases = new SecLangCases(ConformanceFactAttribute.GetPath("seclang-op-files"));
        var (operators, transformations) = (0, 0);
        foreach (var item in JsonNode.Parse(File.ReadAllText(ConformanceFactAttribute.GetPath("seclang-unit.json")))!.AsArray())
        {
            var isOperator = (string)item!["type"]! == "op";
            item["do"] = (string)item["type"]!;
            var answer = cases.Answer(item.AsObject());
            if (isOperator)
            {
                operators += (int?)answer["ret"] == (int)item["ret"]! ? 1 : 0;
            }
            else
            {
                transformations += (string?)answer["output_b64"] == (string)item["output_b64"]! ? 1 : 0;
            }
        }

        Assert.Equal((Operators, Transformations), (operators, transformations));
    }
}
