//! How fast pages are written. Run with optimization: `cargo test --release -p syncline-sandbox -- --ignored --nocapture`.
use crate::support::{serve, serve_as};
use std::time::Instant;

#[tokio::test]
#[ignore = "a measurement, for an optimized build"]
async fn pages_of_contacts() {
    let s = serve_as(1_000_000, 0, |c| c.limits = None).await;
    let columns = "fullname,firstname,middlename,lastname,salutation,suffix,nickname,jobtitle,department,emailaddress1,emailaddress2,telephone1,mobilephone,fax,websiteurl,birthdate,anniversary,lastonholdtime,new_nextappointment,gendercode,familystatuscode,preferredcontactmethodcode,new_segment,new_interests,donotemail,donotphone,donotbulkemail,creditonhold,creditlimit,annualincome,numberofchildren,new_loyaltypoints,new_churnscore,address1_latitude,address1_longitude,address1_line1,address1_city,address1_country,externaluseridentifier,_parentcustomerid_value,createdon,modifiedon,_ownerid_value,statecode,statuscode";
    assert_eq!(columns.split(',').count(), 45);
    let (mut next, mut rows, mut bytes) = (Some(format!("contacts?$select={columns}")), 0, 0);
    let start = Instant::now();
    while let Some(url) = next {
        let page = s.request(reqwest::Method::GET, &url).send().await.unwrap().bytes().await.unwrap();
        rows += 5000;
        bytes += page.len();
        let end = String::from_utf8_lossy(&page[page.len() - 3000..]).into_owned();
        next = end.rsplit_once("\"@odata.nextLink\":\"").map(|p| p.1.trim_end_matches("\"}").to_owned());
        if rows >= 200_000 {
            break;
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{rows} rows, {} MB in {seconds:.2} s: {:.0} rows/s", bytes / 1_000_000, rows as f64 / seconds);
    let start = Instant::now();
    let page = s.get("contacts?$select=lastname&$orderby=lastname&$filter=statecode eq 0").await;
    println!("first page sorted out of a million: {:?}", start.elapsed());
    let start = Instant::now();
    s.get(page["@odata.nextLink"].as_str().unwrap()).await;
    println!("second page: {:?}", start.elapsed());
    let memory = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("{}", memory.lines().find(|l| l.starts_with("VmHWM")).unwrap_or_default());
}

#[tokio::test]
async fn a_million_rows_answer_at_once() {
    let start = Instant::now();
    let s = serve(1_000_000).await;
    let page = s.get("contacts?$top=10").await;
    assert_eq!(page["value"].as_array().unwrap().len(), 10);
    let id = page["value"][9]["contactid"].as_str().unwrap();
    assert_eq!(s.get(&format!("contacts({id})")).await["contactid"], id);
    assert!(start.elapsed().as_secs() < 5);
}
