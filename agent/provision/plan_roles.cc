#include <algorithm>
#include <string>
#include <vector>

#include "agent/postgres/quote.h"
#include "agent/provision/plan.h"
#include "common/base/strings.h"

namespace tenantry::agent {
namespace {

using postgres::QuoteIdentifier;
using postgres::QuoteLiteral;

constexpr int kServerWithGrantOptions = 160000;  // GRANT role … WITH INHERIT, SET

Step Detail(std::string sql, std::string drift, std::string change) {
  return {Place::kStore, std::move(sql), std::move(drift), std::move(change), Weight::kDetail};
}

Step Major(std::string sql, std::string drift, std::string change) {
  return {Place::kStore, std::move(sql), std::move(drift), std::move(change), Weight::kMajor};
}

std::string PasswordClause(const DesiredStorage& desired, const std::string& role) {
  const auto verifier = desired.verifiers.find(role);
  return verifier == desired.verifiers.end() ? "" : " PASSWORD " + QuoteLiteral(verifier->second);
}

// What shall be of one role.
struct RoleGoal {
  std::string name;
  bool can_login = false;
  int connection_limit = -1;
  std::vector<std::pair<std::string, std::string>> settings;
};

std::vector<RoleGoal> RoleGoals(const DesiredStorage& desired, const ObservedStorage& observed) {
  const TenantNames& names = desired.names;
  const auto login = [&](const std::string& role) {
    const bool open = desired.IsLogin(role);
    return RoleGoal{role,
                    open,
                    open ? desired.connection_limit.value_or(-1) : -1,
                    {{"search_path", names.schema}}};
  };
  std::vector<RoleGoal> goals = {{names.owner}, login(names.app)};
  // The second login appears with the first rotation and stays.
  if (desired.IsLogin(names.second_app) || observed.FindRole(names.second_app) != nullptr) {
    goals.push_back(login(names.second_app));
    goals.back().settings.emplace_back("role", names.app);
  }
  goals.push_back({names.reader, false, -1, {{"search_path", names.schema}}});
  return goals;
}

Step CreateRole(const DesiredStorage& desired, const RoleGoal& goal) {
  std::string sql = "CREATE ROLE " + QuoteIdentifier(goal.name);
  if (goal.can_login) {
    sql += " LOGIN CONNECTION LIMIT " + std::to_string(goal.connection_limit) +
           PasswordClause(desired, goal.name);
  }
  return Major(sql, "Role " + goal.name + " is missing.", "Made role " + goal.name + ".");
}

void AddLoginSteps(const DesiredStorage& desired, const ObservedStorage& observed,
                   const RoleGoal& goal, const RoleState& state, std::vector<Step>& steps) {
  const std::string alter = "ALTER ROLE " + QuoteIdentifier(goal.name);
  if (goal.can_login && !state.can_login) {
    steps.push_back(Major(alter + " LOGIN" + PasswordClause(desired, goal.name),
                          "Role " + goal.name + " is closed for logins.",
                          "Opened role " + goal.name + " for logins."));
    return;
  }
  if (!goal.can_login && state.can_login) {
    steps.push_back(Major(alter + " NOLOGIN PASSWORD NULL",
                          "Role " + goal.name + " is open for logins, but should not be.",
                          "Closed role " + goal.name + " for logins."));
    return;
  }
  const auto login = observed.logins.find(goal.name);
  if (login != observed.logins.end() && login->second == LoginState::kRefused) {
    const auto said = observed.login_refusals.find(goal.name);
    const std::string why = said == observed.login_refusals.end() ? "" : " " + said->second;
    steps.push_back(Major(alter + PasswordClause(desired, goal.name),
                          "Role " + goal.name + " cannot log in with its password." + why,
                          "Set the password of role " + goal.name + "."));
  }
}

void AddAttributeSteps(const RoleGoal& goal, const RoleState& state, std::vector<Step>& steps) {
  const std::string alter = "ALTER ROLE " + QuoteIdentifier(goal.name);
  for (const std::string& excess : state.excesses) {
    steps.push_back(Major(alter + " NO" + excess, "Role " + goal.name + " has " + excess + ".",
                          "Took " + excess + " from role " + goal.name + "."));
  }
  if (!state.inherits) {
    steps.push_back(Major(alter + " INHERIT", "Role " + goal.name + " has NOINHERIT.",
                          "Gave INHERIT to role " + goal.name + "."));
  }
  if (state.connection_limit != goal.connection_limit) {
    const std::string wanted = std::to_string(goal.connection_limit);
    steps.push_back(Major(alter + " CONNECTION LIMIT " + wanted,
                          "The connection limit of role " + goal.name + " is " +
                              std::to_string(state.connection_limit) + ", but should be " + wanted +
                              ".",
                          "Set the connection limit of role " + goal.name + " to " + wanted + "."));
  }
  if (state.expires) {
    steps.push_back(Major(alter + " VALID UNTIL 'infinity'",
                          "The password of role " + goal.name + " expires.",
                          "The password of role " + goal.name + " expires no more."));
  }
}

void AddSettingSteps(const DesiredStorage& desired, const RoleGoal& goal, const RoleState* state,
                     std::vector<Step>& steps) {
  const std::string alter = "ALTER ROLE " + QuoteIdentifier(goal.name);
  for (const auto& [setting, value] : goal.settings) {
    const bool is_set = state != nullptr && state->settings.contains(setting) &&
                        state->settings.at(setting) == value;
    if (!is_set) {
      steps.push_back(Detail(alter + " SET " + setting + " = " + QuoteIdentifier(value),
                             "Role " + goal.name + " has not " + setting + " = " + value + ".",
                             "Set " + setting + " = " + value + " for role " + goal.name + "."));
    }
    if (state != nullptr && state->database_settings.contains(setting)) {
      steps.push_back(Major(
          alter + " IN DATABASE " + QuoteIdentifier(desired.names.database) + " RESET " + setting,
          "Role " + goal.name + " has another " + setting + " in database " +
              desired.names.database + ".",
          "Took back " + setting + " of role " + goal.name + " in database " +
              desired.names.database + "."));
    }
  }
}

std::string GrantRole(const ObservedStorage& observed, const std::string& role,
                      const std::string& member) {
  const std::string options =
      observed.server_version >= kServerWithGrantOptions ? " WITH INHERIT TRUE, SET TRUE" : "";
  return "GRANT " + QuoteIdentifier(role) + " TO " + member + options;
}

void AddMembershipSteps(const DesiredStorage& desired, const ObservedStorage& observed,
                        std::vector<Step>& steps) {
  const TenantNames& names = desired.names;
  if (!observed.memberships.contains({observed.admin, names.owner})) {
    // To give the schema to the owner and to mend its tables. No session of ours runs SQL of the
    // tenant with these rights.
    steps.push_back(Detail(GrantRole(observed, names.owner, "CURRENT_USER"),
                           observed.admin + " is no member of role " + names.owner + ".",
                           "Made " + observed.admin + " a member of role " + names.owner + "."));
  }
  const bool has_second =
      desired.IsLogin(names.second_app) || observed.FindRole(names.second_app) != nullptr;
  if (has_second && !observed.memberships.contains({names.second_app, names.app})) {
    steps.push_back(
        Detail(GrantRole(observed, names.app, QuoteIdentifier(names.second_app)),
               "Role " + names.second_app + " is no member of role " + names.app + ".",
               "Made role " + names.second_app + " a member of role " + names.app + "."));
  }
  for (const auto& [member, role] : observed.foreign_memberships) {
    steps.push_back(
        Major("REVOKE " + QuoteIdentifier(role) + " FROM " + QuoteIdentifier(member),
              "Role " + member + " is a member of role " + role + ", which is not this tenant's.",
              "Took membership in role " + role + " from role " + member + "."));
  }
}

}  // namespace

std::vector<Step> MakeRoleSteps(const DesiredStorage& desired, const ObservedStorage& observed) {
  std::vector<Step> steps;
  const std::vector<RoleGoal> goals = RoleGoals(desired, observed);
  for (const RoleGoal& goal : goals) {
    const RoleState* state = observed.FindRole(goal.name);
    if (state == nullptr) {
      steps.push_back(CreateRole(desired, goal));
      continue;
    }
    AddLoginSteps(desired, observed, goal, *state, steps);
    AddAttributeSteps(goal, *state, steps);
  }
  AddMembershipSteps(desired, observed, steps);
  // After the memberships: PostgreSQL takes SET role = … only from a member.
  for (const RoleGoal& goal : goals) {
    AddSettingSteps(desired, goal, observed.FindRole(goal.name), steps);
  }
  return steps;
}

}  // namespace tenantry::agent
