using System.Text;
using System.Text.Json.Nodes;
using FilterProxy.Filters.Waf.Language;
using FilterProxy.Filters.Waf.Operators;
using FilterProxy.Filters.Waf.Transformations;

namespace FilterProxy.SecLangAdapter;

/// <summary>Puts single operators and transformations to the question.</summary>
public sealed class SecLangCases(string folder)
{
    private readonly Dictionary<(string, string), object> _operators = [];

    /// <summary>{"do":"op","name","param","input_b64"} is answered by {"ret"}, {"do":"tfn","name","input_b64"} by {"output_b64"}.</summary>
    public JsonObject Answer(JsonObject question)
    {
        var name = (string)question["name"]!;
        var input = Encoding.Latin1.GetString(Convert.FromBase64String((string)question["input_b64"]!));
        if ((string?)question["do"] == "tfn")
        {
            return TransformationTable.Find(name, UnicodeMap.Ascii) is { } transformation
                ? new JsonObject { ["output_b64"] = Convert.ToBase64String(Encoding.Latin1.GetBytes(transformation.Apply(input))) }
                : new JsonObject { ["unsupported"] = name };
        }

        if (!OperatorTable.Has(name))
        {
            return new JsonObject { ["unsupported"] = name };
        }

        var parameter = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes((string?)question["param"] ?? ""));
        if (!_operators.TryGetValue((name, parameter), out var made))
        {
            try
            {
                made = OperatorTable.Create(name, parameter, new OperatorContext(Read));
            }
            catch (FormatException)
            {
                // A rule file with it is refused: it never matches.
                made = OperatorTable.Create("noMatch", "", new OperatorContext(Read));
            }

            _operators[(name, parameter)] = made;
        }

        return new JsonObject { ["ret"] = ((Operator)made).Matches(input, new OperatorRun(new NoVariables())) ? 1 : 0 };
    }

    private string Read(string name)
    {
        var path = Path.Combine(folder, name);
        return File.ReadAllText(File.Exists(path) ? path : Path.Combine(folder, "op", name), Encoding.Latin1);
    }

    private sealed class NoVariables : IVariableLookup
    {
        public string First(Variable variable, string? key) => "";
    }
}
